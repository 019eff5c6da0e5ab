package dev.darkroom.simulator;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * The submissions so far, in order of arrival, the last 10,000 of them, each with the downloads of the pictures that it was
 * answered with. Event loop only.
 */
final class SimulatorRequestLog {
    static final int MAX_ENTRIES = 10_000;
    static final int MAX_DOWNLOADS = 100;
    static final int MAX_BODY_BYTES = 16 * 1024;

    private static final DateTimeFormatter MILLIS =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);

    private final Deque<LoggedSubmission> entries = new ArrayDeque<>();
    private final Clock clock;

    SimulatorRequestLog(Clock clock) {
        this.clock = clock;
    }

    /**
     * @param key the idempotency key, may be null
     * @param authorization whether there were credentials; what they were is nobody's business
     */
    LoggedSubmission add(String key, boolean authorization, Buffer body) {
        LoggedSubmission entry = new LoggedSubmission(key, authorization, body);
        entries.addLast(entry);
        if (entries.size() > MAX_ENTRIES) {
            entries.removeFirst();
        }
        return entry;
    }

    void clear() {
        entries.clear();
    }

    JsonObject toJson() {
        JsonArray requests = new JsonArray();
        entries.forEach(entry -> requests.add(entry.toJson()));
        return new JsonObject().put("requests", requests);
    }

    /** One request and what became of it. */
    sealed class LoggedRequest permits LoggedSubmission {
        private final Instant receivedAt = clock.instant();
        private String response;
        private Instant closedAt;

        /** @param what is or will be done, see {@link Fault#describe()} */
        void setResponse(String what) {
            response = what;
        }

        /** The client closed the connection before it was answered. */
        void recordClientClose() {
            closedAt = clock.instant();
        }

        JsonObject toJson() {
            return new JsonObject()
                    .put("at", MILLIS.format(receivedAt))
                    .put("answer", response)
                    .put("closedAt", closedAt == null ? null : MILLIS.format(closedAt));
        }
    }

    /** One submission. */
    final class LoggedSubmission extends LoggedRequest {
        private final String idempotencyKey;
        private final boolean hasAuthorization;
        private final Buffer body;
        private final List<LoggedRequest> downloads = new ArrayList<>();

        private LoggedSubmission(String key, boolean authorization, Buffer body) {
            this.idempotencyKey = key;
            this.hasAuthorization = authorization;
            this.body = body.getBuffer(0, Math.min(body.length(), MAX_BODY_BYTES));
        }

        /** Somebody fetches one of its pictures; the first hundred downloads are kept. */
        LoggedRequest addDownload() {
            LoggedRequest download = new LoggedRequest();
            if (downloads.size() < MAX_DOWNLOADS) {
                downloads.add(download);
            }
            return download;
        }

        @Override
        JsonObject toJson() {
            JsonArray fetched = new JsonArray();
            downloads.forEach(download -> fetched.add(download.toJson()));
            return super.toJson()
                    .put("key", idempotencyKey)
                    .put("authorization", hasAuthorization)
                    .put("body", bodyAsJson())
                    .put("downloads", fetched);
        }

        /** The JSON object that was sent; the text as it came when it is none, or was cut. */
        private Object bodyAsJson() {
            try {
                return SimulatorBodyReader.parseObject(body);
            } catch (SimulatorRequestException e) {
                return body.toString(StandardCharsets.UTF_8);
            }
        }
    }
}
