package dev.darkroom.simulator;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.Json;
import io.vertx.core.json.JsonObject;
import java.util.List;

/**
 * One way to answer a submission. A new fault is a record here and a line in {@link FaultParser}. Immutable; {@code play}
 * runs on the event loop, after the delay.
 */
sealed interface Fault {

    /** What is done, for the request log: short, and the same every time. */
    String describe();

    void play(Submission submission);

    /** A fault of the connection alone, which can meet the download of a picture as well. */
    sealed interface OfTheWire extends Fault {
        void play(Wire wire);

        @Override
        default void play(Submission submission) {
            play(submission.wire());
        }
    }

    /** No fault: the pictures that were asked for. */
    record None() implements Fault {
        @Override
        public String describe() {
            return "picture";
        }

        @Override
        public void play(Submission submission) {
            submission.pictures(submission.request().count());
        }
    }

    /**
     * A status.
     *
     * @param retryAfter the header's value, null for none
     * @param body any JSON; null for the usual one of the status
     */
    record Status(int status, String retryAfter, Object body) implements OfTheWire {
        @Override
        public String describe() {
            return "status " + status;
        }

        @Override
        public void play(Wire wire) {
            wire.retryAfter(retryAfter);
            if (body != null) {
                wire.send(status, "application/json", Json.encodeToBuffer(body));
            } else if (status >= 400) {
                wire.json(status, ApiError.of(status, "The script wanted status " + status + "."));
            } else {
                wire.send(status);
            }
        }
    }

    /** The error bodies of other servers: {@code {"error":"…"}} (sd-server), {@code {"detail":"…"}} (FastAPI). */
    record Dialect(String key, int status, String retryAfter) implements OfTheWire {
        @Override
        public String describe() {
            return "status " + status + " with " + key;
        }

        @Override
        public void play(Wire wire) {
            wire.retryAfter(retryAfter);
            wire.json(status, new JsonObject().put(key, "The script wanted status " + status + "."));
        }
    }

    /** What a proxy in between says. */
    record Html(int status, String retryAfter) implements OfTheWire {
        @Override
        public String describe() {
            return "status " + status + " with html";
        }

        @Override
        public void play(Wire wire) {
            wire.retryAfter(retryAfter);
            String page = "<html>\r\n<head><title>" + status + "</title></head>\r\n<body>\r\n<center><h1>" + status
                    + "</h1></center>\r\n<hr><center>proxy</center>\r\n</body>\r\n</html>\r\n";
            wire.send(status, "text/html", Buffer.buffer(page));
        }
    }

    /** The whole request is read, then the connection is closed. */
    record Drop() implements OfTheWire {
        @Override
        public String describe() {
            return "drop";
        }

        @Override
        public void play(Wire wire) {
            wire.drop();
        }
    }

    /** Accepted and never answered. */
    record Hang() implements OfTheWire {
        @Override
        public String describe() {
            return "hang";
        }

        @Override
        public void play(Wire wire) {
            // Nothing happens: that is the fault.
        }
    }

    /** A success whose body is no JSON. */
    record Garbage() implements OfTheWire {
        @Override
        public String describe() {
            return "garbage";
        }

        @Override
        public void play(Wire wire) {
            wire.send(200, "application/json", Buffer.buffer(new byte[] {'{', '"', 'd', (byte) 0xFF, 0, (byte) 0xC3, '('
            }));
        }
    }

    /** A success without a picture. */
    record Empty() implements Fault {
        @Override
        public String describe() {
            return "empty";
        }

        @Override
        public void play(Submission submission) {
            submission.results(0, position -> new JsonObject());
        }
    }

    /** Base64 of something else. */
    record NotAPicture() implements Fault {
        @Override
        public String describe() {
            return "not a picture";
        }

        @Override
        public void play(Submission submission) {
            JsonObject result = new JsonObject().put("b64_json", Studio.notAPicture());
            submission.results(submission.request().count(), position -> result);
        }
    }

    /** One picture fewer than asked for. */
    record Fewer() implements Fault {
        @Override
        public String describe() {
            return "one picture fewer";
        }

        @Override
        public void play(Submission submission) {
            submission.pictures(submission.request().count() - 1);
        }
    }

    /** The content policy says no. */
    record Moderation() implements OfTheWire {
        @Override
        public String describe() {
            return "moderation";
        }

        @Override
        public void play(Wire wire) {
            String message = "Your request was rejected by the safety system.";
            wire.json(400, ApiError.of(message, "image_generation_user_error", null, "moderation_blocked"));
        }
    }

    /** The account is used up: a 429 that no waiting mends. */
    record Quota() implements OfTheWire {
        @Override
        public String describe() {
            return "quota";
        }

        @Override
        public void play(Wire wire) {
            String message = "You exceeded your current quota, please check your plan and billing details.";
            wire.json(429, ApiError.of(message, "insufficient_quota", null, "insufficient_quota"));
        }
    }

    /** A URL of the script's choosing as each result. */
    record Url(String url) implements Fault {
        @Override
        public String describe() {
            return "url";
        }

        @Override
        public void play(Submission submission) {
            submission.results(submission.request().count(), position -> new JsonObject().put("url", url));
        }
    }

    /** URLs whatever was asked for; the download of each picture meets {@code faults} first. */
    record UrlResult(List<Step> faults) implements Fault {
        @Override
        public String describe() {
            return "url result";
        }

        @Override
        public void play(Submission submission) {
            submission.urls(submission.request().count(), faults);
        }
    }
}
