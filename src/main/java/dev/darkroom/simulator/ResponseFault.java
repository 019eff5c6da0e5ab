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
sealed interface ResponseFault extends Fault {

    /** @param good what would be answered if all were well; costs nothing unless it is used */
    void apply(SimulatorResponseWriter simulatorResponseWriter, SimulatorResponse good);

    @Override
    default void apply(SimulatorSubmission simulatorSubmission) {
        apply(
                simulatorSubmission.responseWriter(),
                simulatorSubmission.createResponse(simulatorSubmission.request().count()));
    }

    /**
     * A status.
     *
     * @param retryAfter the header's value, null for none
     * @param body any JSON; null for the usual one of the status
     */
    record Status(int status, String retryAfter, Object body) implements ResponseFault {
        @Override
        public String describe() {
            return "status " + status;
        }

        @Override
        public void apply(SimulatorResponseWriter simulatorResponseWriter, SimulatorResponse good) {
            simulatorResponseWriter.setRetryAfter(retryAfter);
            if (body != null) {
                simulatorResponseWriter.send(status, SimulatorResponse.APPLICATION_JSON, Json.encodeToBuffer(body));
            } else if (status >= 400) {
                simulatorResponseWriter.sendJson(
                        status, SimulatorErrorBody.create(status, "The script wanted status " + status + "."));
            } else {
                simulatorResponseWriter.send(status);
            }
        }
    }

    /** The error bodies of other servers: {@code {"error":"…"}} (sd-server), {@code {"detail":"…"}} (FastAPI). */
    record ForeignErrorBody(String field, int status, String retryAfter) implements ResponseFault {
        @Override
        public String describe() {
            return "status " + status + " with " + field;
        }

        @Override
        public void apply(SimulatorResponseWriter simulatorResponseWriter, SimulatorResponse good) {
            simulatorResponseWriter.setRetryAfter(retryAfter);
            simulatorResponseWriter.sendJson(
                    status, new JsonObject().put(field, "The script wanted status " + status + "."));
        }
    }

    /** What a proxy in between says. */
    record HtmlErrorPage(int status, String retryAfter) implements ResponseFault {
        @Override
        public String describe() {
            return "status " + status + " with html";
        }

        @Override
        public void apply(SimulatorResponseWriter simulatorResponseWriter, SimulatorResponse good) {
            simulatorResponseWriter.setRetryAfter(retryAfter);
            String page = "<html>\r\n<head><title>" + status + "</title></head>\r\n<body>\r\n<center><h1>" + status
                    + "</h1></center>\r\n<hr><center>proxy</center>\r\n</body>\r\n</html>\r\n";
            simulatorResponseWriter.send(status, "text/html", Buffer.buffer(page));
        }
    }

    /** A redirect to where the request already went. */
    record RedirectLoop() implements ResponseFault {
        @Override
        public String describe() {
            return "redirect to itself";
        }

        @Override
        public void apply(SimulatorResponseWriter simulatorResponseWriter, SimulatorResponse good) {
            simulatorResponseWriter.redirectToItself();
        }
    }

    /** The whole request is read, then the connection is closed. */
    record ConnectionDrop() implements ResponseFault {
        @Override
        public String describe() {
            return "drop";
        }

        @Override
        public void apply(SimulatorResponseWriter simulatorResponseWriter, SimulatorResponse good) {
            simulatorResponseWriter.closeConnection();
        }
    }

    /** Accepted and never answered. */
    record NoResponse() implements ResponseFault {
        @Override
        public String describe() {
            return "hang";
        }

        @Override
        public void apply(SimulatorResponseWriter simulatorResponseWriter, SimulatorResponse good) {
            // Nothing happens: that is the fault.
        }
    }

    /** A success whose body is no JSON. */
    record MalformedJson() implements ResponseFault {
        @Override
        public String describe() {
            return "garbage";
        }

        @Override
        public void apply(SimulatorResponseWriter simulatorResponseWriter, SimulatorResponse good) {
            simulatorResponseWriter.send(200, SimulatorResponse.APPLICATION_JSON, Buffer.buffer(new byte[] {
                '{', '"', 'd', (byte) 0xFF, 0, (byte) 0xC3, '('
            }));
        }
    }

    /** The good answer, of which only half arrives before the connection is closed. */
    record Truncated() implements ResponseFault {
        @Override
        public String describe() {
            return "half an answer";
        }

        @Override
        public void apply(SimulatorResponseWriter simulatorResponseWriter, SimulatorResponse good) {
            good.withBody(simulatorResponseWriter, body -> simulatorResponseWriter.sendHalf(good.contentType(), body));
        }
    }

    /** The good answer under the label of something else. */
    record WrongContentType(String contentType) implements ResponseFault {
        @Override
        public String describe() {
            return "labelled " + contentType;
        }

        @Override
        public void apply(SimulatorResponseWriter simulatorResponseWriter, SimulatorResponse good) {
            good.withBody(simulatorResponseWriter, body -> simulatorResponseWriter.send(200, contentType, body));
        }
    }

    /** The good answer, one byte at a time. */
    record SlowBody(Duration interval) implements ResponseFault {
        static final Duration DEFAULT_INTERVAL = Duration.ofSeconds(1);

        @Override
        public String describe() {
            return "drip";
        }

        @Override
        public void apply(SimulatorResponseWriter simulatorResponseWriter, SimulatorResponse good) {
            good.withBody(simulatorResponseWriter, body -> {
                Iterator<Buffer> drops = IntStream.range(0, body.length())
                        .mapToObj(at -> body.slice(at, at + 1))
                        .iterator();
                simulatorResponseWriter.sendParts(good.contentType(), (long) body.length(), drops, interval);
            });
        }
    }

    /**
     * A success with a picture of that many bytes, which is none. It is made while it is sent, as fast as it is taken.
     *
     * @param contentLengthSent whether its length is told in the head
     * @param interval between parts of 64 KiB; zero for none
     */
    record OversizedBody(long bytes, boolean contentLengthSent, Duration interval) implements ResponseFault {
        static final long DEFAULT_BYTES = 100L << 20;
        static final long MAX_BYTES = 100L << 30;

        private static final Buffer BODY_START = ascii("{\"data\":[{\"b64_json\":\"");
        private static final Buffer BODY_END = ascii("\"}]}");
        private static final Buffer FILLER = ascii("A".repeat(1 << 16));

        /** There has to be room for what stands around the picture. */
        static final long MIN_BYTES = 1024;

        @Override
        public String describe() {
            return "huge";
        }

        @Override
        public void apply(SimulatorResponseWriter simulatorResponseWriter, SimulatorResponse good) {
            simulatorResponseWriter.sendParts(
                    SimulatorResponse.APPLICATION_JSON, contentLengthSent ? bytes : null, parts(), interval);
        }

        private Iterator<Buffer> parts() {
            long inside = bytes - BODY_START.length() - BODY_END.length();
            Stream<Buffer> odd = Stream.of(BODY_START, FILLER.slice(0, (int) (inside % FILLER.length())));
            Stream<Buffer> even = LongStream.range(0, inside / FILLER.length()).mapToObj(part -> FILLER);
            return Stream.of(odd, even, Collections.singleton(BODY_END).stream())
                    .flatMap(part -> part)
                    .filter(part -> part.length() > 0)
                    .iterator();
        }

        private static Buffer ascii(String text) {
            return Buffer.buffer(text.getBytes(StandardCharsets.US_ASCII));
        }
    }

    /** The content policy says no. */
    record Moderation() implements ResponseFault {
        @Override
        public String describe() {
            return "moderation";
        }

        @Override
        public void apply(SimulatorResponseWriter simulatorResponseWriter, SimulatorResponse good) {
            String message = "Your request was rejected by the safety system.";
            simulatorResponseWriter.sendJson(
                    400, SimulatorErrorBody.create(message, "image_generation_user_error", null, "moderation_blocked"));
        }
    }

    /** The account is used up: a 429 that no waiting mends. */
    record Quota() implements ResponseFault {
        @Override
        public String describe() {
            return "quota";
        }

        @Override
        public void apply(SimulatorResponseWriter simulatorResponseWriter, SimulatorResponse good) {
            String message = "You exceeded your current quota, please check your plan and billing details.";
            simulatorResponseWriter.sendJson(
                    429, SimulatorErrorBody.create(message, "insufficient_quota", null, "insufficient_quota"));
        }
    }
}
