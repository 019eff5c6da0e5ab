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

/** A fault of the connection or of the response. Can also be applied to the download of an image. Immutable. */
sealed interface ResponseFault extends Fault {

    /** @param normalResponse the response without a fault, created only when it is used */
    void apply(SimulatorResponseWriter writer, SimulatorResponse normalResponse);

    @Override
    default void apply(SimulatorSubmission submission) {
        apply(
                submission.responseWriter(),
                submission.createResponse(submission.request().count()));
    }

    /**
     * Responds with a status.
     *
     * @param retryAfter value of the {@code Retry-After} header; null for none
     * @param body any JSON value; null for the default body of the status
     */
    record Status(int status, String retryAfter, Object body) implements ResponseFault {
        @Override
        public String describe() {
            return "status " + status;
        }

        @Override
        public void apply(SimulatorResponseWriter writer, SimulatorResponse normalResponse) {
            writer.setRetryAfter(retryAfter);
            if (body != null) {
                writer.send(status, SimulatorResponse.APPLICATION_JSON, Json.encodeToBuffer(body));
            } else if (status >= 400) {
                writer.sendJson(
                        status, SimulatorErrorBody.create(status, "The script requested status " + status + "."));
            } else {
                writer.send(status);
            }
        }
    }

    /** Responds with the error body of other servers: {@code {"error":"…"}} (sd-server) or {@code {"detail":"…"}} (FastAPI). */
    record ForeignErrorBody(String field, int status, String retryAfter) implements ResponseFault {
        @Override
        public String describe() {
            return "status " + status + " with " + field;
        }

        @Override
        public void apply(SimulatorResponseWriter writer, SimulatorResponse normalResponse) {
            writer.setRetryAfter(retryAfter);
            writer.sendJson(status, new JsonObject().put(field, "The script requested status " + status + "."));
        }
    }

    /** Responds with the HTML error page of a proxy. */
    record HtmlErrorPage(int status, String retryAfter) implements ResponseFault {
        @Override
        public String describe() {
            return "status " + status + " with html";
        }

        @Override
        public void apply(SimulatorResponseWriter writer, SimulatorResponse normalResponse) {
            writer.setRetryAfter(retryAfter);
            String page = "<html>\r\n<head><title>" + status + "</title></head>\r\n<body>\r\n<center><h1>" + status
                    + "</h1></center>\r\n<hr><center>proxy</center>\r\n</body>\r\n</html>\r\n";
            writer.send(status, "text/html", Buffer.buffer(page));
        }
    }

    /** Redirects to the URL of the request. */
    record RedirectLoop() implements ResponseFault {
        @Override
        public String describe() {
            return "redirect to itself";
        }

        @Override
        public void apply(SimulatorResponseWriter writer, SimulatorResponse normalResponse) {
            writer.redirectToItself();
        }
    }

    /** Closes the connection after reading the whole request. */
    record ConnectionDrop() implements ResponseFault {
        @Override
        public String describe() {
            return "drop";
        }

        @Override
        public void apply(SimulatorResponseWriter writer, SimulatorResponse normalResponse) {
            writer.closeConnection();
        }
    }

    /** Accepts the request and never responds. */
    record NoResponse() implements ResponseFault {
        @Override
        public String describe() {
            return "hang";
        }

        @Override
        public void apply(SimulatorResponseWriter writer, SimulatorResponse normalResponse) {
            // Sends nothing.
        }
    }

    /** Responds with success and a body that is not JSON. */
    record MalformedJson() implements ResponseFault {
        @Override
        public String describe() {
            return "garbage";
        }

        @Override
        public void apply(SimulatorResponseWriter writer, SimulatorResponse normalResponse) {
            writer.send(200, SimulatorResponse.APPLICATION_JSON, Buffer.buffer(new byte[] {
                '{', '"', 'd', (byte) 0xFF, 0, (byte) 0xC3, '('
            }));
        }
    }

    /** Sends half of the normal response and closes the connection. */
    record Truncated() implements ResponseFault {
        @Override
        public String describe() {
            return "truncated";
        }

        @Override
        public void apply(SimulatorResponseWriter writer, SimulatorResponse normalResponse) {
            normalResponse.withBody(writer, body -> writer.sendHalf(normalResponse.contentType(), body));
        }
    }

    /** Sends the normal response with another content type. */
    record WrongContentType(String contentType) implements ResponseFault {
        @Override
        public String describe() {
            return "content type " + contentType;
        }

        @Override
        public void apply(SimulatorResponseWriter writer, SimulatorResponse normalResponse) {
            normalResponse.withBody(writer, body -> writer.send(200, contentType, body));
        }
    }

    /** Sends the normal response byte by byte. */
    record SlowBody(Duration interval) implements ResponseFault {
        static final Duration DEFAULT_INTERVAL = Duration.ofSeconds(1);

        @Override
        public String describe() {
            return "drip";
        }

        @Override
        public void apply(SimulatorResponseWriter writer, SimulatorResponse normalResponse) {
            normalResponse.withBody(writer, body -> {
                Iterator<Buffer> bytes = IntStream.range(0, body.length())
                        .mapToObj(index -> body.slice(index, index + 1))
                        .iterator();
                writer.sendParts(normalResponse.contentType(), (long) body.length(), bytes, interval);
            });
        }
    }

    /**
     * Responds with success and a body of {@code bytes} bytes that contains an invalid image. Creates the body while sending it, as fast
     * as the client reads.
     *
     * @param contentLengthSent whether the response has a {@code Content-Length}; otherwise it is chunked
     * @param interval pause between parts of 64 KiB; zero for none
     */
    record OversizedBody(long bytes, boolean contentLengthSent, Duration interval) implements ResponseFault {
        static final long DEFAULT_BYTES = 100L << 20;
        static final long MAX_BYTES = 100L << 30;

        private static final Buffer BODY_START = ascii("{\"data\":[{\"b64_json\":\"");
        private static final Buffer BODY_END = ascii("\"}]}");
        private static final Buffer FILLER = ascii("A".repeat(1 << 16));

        /** Leaves room for the JSON around the image. */
        static final long MIN_BYTES = 1024;

        @Override
        public String describe() {
            return "huge";
        }

        @Override
        public void apply(SimulatorResponseWriter writer, SimulatorResponse normalResponse) {
            writer.sendParts(SimulatorResponse.APPLICATION_JSON, contentLengthSent ? bytes : null, parts(), interval);
        }

        private Iterator<Buffer> parts() {
            long imageBytes = bytes - BODY_START.length() - BODY_END.length();
            Stream<Buffer> start = Stream.of(BODY_START, FILLER.slice(0, (int) (imageBytes % FILLER.length())));
            Stream<Buffer> filler =
                    LongStream.range(0, imageBytes / FILLER.length()).mapToObj(part -> FILLER);
            return Stream.of(start, filler, Collections.singleton(BODY_END).stream())
                    .flatMap(part -> part)
                    .filter(part -> part.length() > 0)
                    .iterator();
        }

        private static Buffer ascii(String text) {
            return Buffer.buffer(text.getBytes(StandardCharsets.US_ASCII));
        }
    }

    /** Responds with the error of a rejected prompt. */
    record Moderation() implements ResponseFault {
        @Override
        public String describe() {
            return "moderation";
        }

        @Override
        public void apply(SimulatorResponseWriter writer, SimulatorResponse normalResponse) {
            String message = "Your request was rejected by the safety system.";
            writer.sendJson(
                    400, SimulatorErrorBody.create(message, "image_generation_user_error", null, "moderation_blocked"));
        }
    }

    /** Responds with the error of an exhausted account: a 429 that a retry does not solve. */
    record Quota() implements ResponseFault {
        @Override
        public String describe() {
            return "quota";
        }

        @Override
        public void apply(SimulatorResponseWriter writer, SimulatorResponse normalResponse) {
            String message = "You exceeded your current quota, please check your plan and billing details.";
            writer.sendJson(429, SimulatorErrorBody.create(message, "insufficient_quota", null, "insufficient_quota"));
        }
    }
}
