package dev.darkroom.simulator.http;

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
import java.util.Collection;
import java.util.Deque;
import java.util.List;

/**
 * The last submissions in order of arrival, at most 10,000 and 64 MiB of bodies, each with the downloads of its images. Used on one event
 * loop.
 */
public final class SimulatorRequestLog {
    static final int MAX_ENTRIES = 10_000;
    static final int MAX_DOWNLOADS = 100;
    /** Fits a prompt and a negative prompt of 32,000 code points. */
    static final int MAX_BODY_BYTES = 1 << 20;

    private static final long MAX_TOTAL_BYTES = 64 << 20;

    private static final DateTimeFormatter MILLIS =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);

    private final Deque<LoggedSubmission> entries = new ArrayDeque<>();
    private final Clock clock;
    private long totalBytes;

    public SimulatorRequestLog(Clock clock) {
        this.clock = clock;
    }

    /**
     * Adds a submission.
     *
     * @param idempotencyKey may be null
     * @param hasAuthorization whether the request had credentials, which are not stored
     */
    public LoggedSubmission add(String idempotencyKey, boolean hasAuthorization, Buffer body) {
        LoggedSubmission entry = new LoggedSubmission(idempotencyKey, hasAuthorization, body);
        entries.addLast(entry);
        totalBytes += entry.body.length();
        while (entries.size() > MAX_ENTRIES || totalBytes > MAX_TOTAL_BYTES) {
            totalBytes -= entries.removeFirst().body.length();
        }
        return entry;
    }

    /** Removes all submissions. */
    public void clear() {
        entries.clear();
        totalBytes = 0;
    }

    /** Returns {@code {"requests": […]}}. */
    public JsonObject toJson() {
        return new JsonObject().put("requests", toJson(entries));
    }

    private static JsonArray toJson(Collection<? extends LoggedRequest> requests) {
        return new JsonArray(requests.stream().map(LoggedRequest::toJson).toList());
    }

    /** A request and its response. */
    public sealed class LoggedRequest permits LoggedSubmission {
        private final Instant receivedAt = clock.instant();
        private String response;
        private Instant closedAt;

        /** @param description the pending or sent response */
        public void setResponse(String description) {
            response = description;
        }

        /** Records that the client closed the connection before the response was complete. */
        public void recordClientClose() {
            closedAt = clock.instant();
        }

        JsonObject toJson() {
            return new JsonObject()
                    .put("at", MILLIS.format(receivedAt))
                    .put("response", response)
                    .put("closedAt", closedAt == null ? null : MILLIS.format(closedAt));
        }
    }

    /** A submission with its downloads. */
    public final class LoggedSubmission extends LoggedRequest {
        private final String idempotencyKey;
        private final boolean hasAuthorization;
        private final Buffer body;
        private final List<LoggedRequest> downloads = new ArrayList<>();
        private List<SimulatorInputImage> inputImages = List.of();
        private Integer callbackStatus;

        private LoggedSubmission(String idempotencyKey, boolean hasAuthorization, Buffer body) {
            this.idempotencyKey = idempotencyKey;
            this.hasAuthorization = hasAuthorization;
            this.body = body.getBuffer(0, Math.min(body.length(), MAX_BODY_BYTES));
        }

        /** Records the images of the request. */
        public void setInputImages(List<SimulatorInputImage> images) {
            inputImages = List.copyOf(images);
        }

        /** @param status of the response to the last callback with the result; null when it had none */
        public void setCallback(Integer status) {
            callbackStatus = status;
        }

        /** Adds a download of one of its images. Only the first {@link #MAX_DOWNLOADS} are kept. */
        public LoggedRequest addDownload() {
            LoggedRequest download = new LoggedRequest();
            if (downloads.size() < MAX_DOWNLOADS) {
                downloads.add(download);
            }
            return download;
        }

        @Override
        JsonObject toJson() {
            JsonObject json = super.toJson()
                    .put("key", idempotencyKey)
                    .put("authorization", hasAuthorization)
                    .put("body", bodyAsJson())
                    .put("downloads", SimulatorRequestLog.toJson(downloads));
            if (!inputImages.isEmpty()) {
                json.put(
                        "inputImages",
                        new JsonArray(inputImages.stream()
                                .map(SimulatorInputImage::toJson)
                                .toList()));
            }
            return callbackStatus == null ? json : json.put("callbackStatus", callbackStatus);
        }

        /** Returns the body as a JSON object, or as text if it is no JSON object or was truncated. */
        private Object bodyAsJson() {
            try {
                return SimulatorBodyReader.parseObject(body);
            } catch (SimulatorRequestException e) {
                return body.toString(StandardCharsets.UTF_8);
            }
        }
    }
}
