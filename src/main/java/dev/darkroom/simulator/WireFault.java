package dev.darkroom.simulator;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.Json;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collections;
import java.util.Iterator;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/** A fault of the connection or of the answer on it: it can meet the download of a picture as well. Immutable. */
sealed interface WireFault extends Fault {

    /** @param good what would be answered if all were well; costs nothing unless it is used */
    void play(Wire wire, Answer good);

    @Override
    default void play(Submission submission) {
        play(submission.wire(), submission.answer(submission.request().count()));
    }

    /**
     * A status.
     *
     * @param retryAfter the header's value, null for none
     * @param body any JSON; null for the usual one of the status
     */
    record Status(int status, String retryAfter, Object body) implements WireFault {
        @Override
        public String describe() {
            return "status " + status;
        }

        @Override
        public void play(Wire wire, Answer good) {
            wire.retryAfter(retryAfter);
            if (body != null) {
                wire.send(status, Answer.JSON, Json.encodeToBuffer(body));
            } else if (status >= 400) {
                wire.json(status, ApiError.of(status, "The script wanted status " + status + "."));
            } else {
                wire.send(status);
            }
        }
    }

    /** The error bodies of other servers: {@code {"error":"…"}} (sd-server), {@code {"detail":"…"}} (FastAPI). */
    record Dialect(String key, int status, String retryAfter) implements WireFault {
        @Override
        public String describe() {
            return "status " + status + " with " + key;
        }

        @Override
        public void play(Wire wire, Answer good) {
            wire.retryAfter(retryAfter);
            wire.json(status, new JsonObject().put(key, "The script wanted status " + status + "."));
        }
    }

    /** What a proxy in between says. */
    record Html(int status, String retryAfter) implements WireFault {
        @Override
        public String describe() {
            return "status " + status + " with html";
        }

        @Override
        public void play(Wire wire, Answer good) {
            wire.retryAfter(retryAfter);
            String page = "<html>\r\n<head><title>" + status + "</title></head>\r\n<body>\r\n<center><h1>" + status
                    + "</h1></center>\r\n<hr><center>proxy</center>\r\n</body>\r\n</html>\r\n";
            wire.send(status, "text/html", Buffer.buffer(page));
        }
    }

    /** A redirect to where the request already went. */
    record RedirectLoop() implements WireFault {
        @Override
        public String describe() {
            return "redirect to itself";
        }

        @Override
        public void play(Wire wire, Answer good) {
            wire.redirectToItself();
        }
    }

    /** The whole request is read, then the connection is closed. */
    record Drop() implements WireFault {
        @Override
        public String describe() {
            return "drop";
        }

        @Override
        public void play(Wire wire, Answer good) {
            wire.drop();
        }
    }

    /** Accepted and never answered. */
    record Hang() implements WireFault {
        @Override
        public String describe() {
            return "hang";
        }

        @Override
        public void play(Wire wire, Answer good) {
            // Nothing happens: that is the fault.
        }
    }

    /** A success whose body is no JSON. */
    record Garbage() implements WireFault {
        @Override
        public String describe() {
            return "garbage";
        }

        @Override
        public void play(Wire wire, Answer good) {
            wire.send(200, Answer.JSON, Buffer.buffer(new byte[] {'{', '"', 'd', (byte) 0xFF, 0, (byte) 0xC3, '('}));
        }
    }

    /** The good answer, of which only half arrives before the connection is closed. */
    record Truncated() implements WireFault {
        @Override
        public String describe() {
            return "half an answer";
        }

        @Override
        public void play(Wire wire, Answer good) {
            good.ready(wire, body -> wire.half(good.contentType(), body));
        }
    }

    /** The good answer under the label of something else. */
    record MislabelledAs(String contentType) implements WireFault {
        @Override
        public String describe() {
            return "labelled " + contentType;
        }

        @Override
        public void play(Wire wire, Answer good) {
            good.ready(wire, body -> wire.send(200, contentType, body));
        }
    }

    /** The good answer, one byte at a time. */
    record Drip(Duration interval) implements WireFault {
        static final Duration USUAL = Duration.ofSeconds(1);

        @Override
        public String describe() {
            return "drip";
        }

        @Override
        public void play(Wire wire, Answer good) {
            good.ready(wire, body -> {
                Iterator<Buffer> drops = IntStream.range(0, body.length())
                        .mapToObj(at -> body.slice(at, at + 1))
                        .iterator();
                wire.stream(good.contentType(), (long) body.length(), drops, interval);
            });
        }
    }

    /**
     * A success with a picture of that many bytes, which is none. It is made while it is sent, as fast as it is taken.
     *
     * @param announced whether its length is told in the head
     * @param interval between parts of 64 KiB; zero for none
     */
    record Huge(long bytes, boolean announced, Duration interval) implements WireFault {
        static final long USUAL = 100L << 20;
        static final long MOST = 100L << 30;

        private static final Buffer HEAD = ascii("{\"data\":[{\"b64_json\":\"");
        private static final Buffer TAIL = ascii("\"}]}");
        private static final Buffer PART = ascii("A".repeat(1 << 16));

        /** There has to be room for what stands around the picture. */
        static final long LEAST = 1024;

        @Override
        public String describe() {
            return "huge";
        }

        @Override
        public void play(Wire wire, Answer good) {
            wire.stream(Answer.JSON, announced ? bytes : null, parts(), interval);
        }

        private Iterator<Buffer> parts() {
            long inside = bytes - HEAD.length() - TAIL.length();
            Stream<Buffer> odd = Stream.of(HEAD, PART.slice(0, (int) (inside % PART.length())));
            Stream<Buffer> even = LongStream.range(0, inside / PART.length()).mapToObj(part -> PART);
            return Stream.of(odd, even, Collections.singleton(TAIL).stream())
                    .flatMap(part -> part)
                    .filter(part -> part.length() > 0)
                    .iterator();
        }

        private static Buffer ascii(String text) {
            return Buffer.buffer(text.getBytes(StandardCharsets.US_ASCII));
        }
    }

    /** The content policy says no. */
    record Moderation() implements WireFault {
        @Override
        public String describe() {
            return "moderation";
        }

        @Override
        public void play(Wire wire, Answer good) {
            String message = "Your request was rejected by the safety system.";
            wire.json(400, ApiError.of(message, "image_generation_user_error", null, "moderation_blocked"));
        }
    }

    /** The account is used up: a 429 that no waiting mends. */
    record Quota() implements WireFault {
        @Override
        public String describe() {
            return "quota";
        }

        @Override
        public void play(Wire wire, Answer good) {
            String message = "You exceeded your current quota, please check your plan and billing details.";
            wire.json(429, ApiError.of(message, "insufficient_quota", null, "insufficient_quota"));
        }
    }
}
