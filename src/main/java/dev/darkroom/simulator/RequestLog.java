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
import java.util.Deque;

/** The submissions so far, in order of arrival, the last 10,000 of them. Event loop only. */
final class RequestLog {
    static final int MOST = 10_000;
    static final int LONGEST_BODY = 16 * 1024;

    private static final DateTimeFormatter MILLIS =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);

    private final Deque<Entry> entries = new ArrayDeque<>();
    private final Clock clock;

    RequestLog(Clock clock) {
        this.clock = clock;
    }

    /**
     * @param key the idempotency key, may be null
     * @param authorization whether there were credentials; what they were is nobody's business
     */
    Entry add(String key, boolean authorization, Buffer body) {
        Entry entry = new Entry(key, authorization, body);
        entries.addLast(entry);
        if (entries.size() > MOST) {
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

    /** One submission. */
    final class Entry {
        private final Instant at = clock.instant();
        private final String key;
        private final boolean authorization;
        private final Buffer body;
        private String answer;
        private Instant closedAt;

        private Entry(String key, boolean authorization, Buffer body) {
            this.key = key;
            this.authorization = authorization;
            this.body = body.getBuffer(0, Math.min(body.length(), LONGEST_BODY));
        }

        /** @param what is or will be done, see {@link Fault#describe()} */
        void answeredWith(String what) {
            answer = what;
        }

        /** The client closed the connection before it was answered. */
        void closedByClient() {
            closedAt = clock.instant();
        }

        private JsonObject toJson() {
            return new JsonObject()
                    .put("at", MILLIS.format(at))
                    .put("key", key)
                    .put("authorization", authorization)
                    .put("body", readable())
                    .put("answer", answer)
                    .put("closedAt", closedAt == null ? null : MILLIS.format(closedAt));
        }

        /** The JSON object that was sent; the text as it came when it is none, or was cut. */
        private Object readable() {
            try {
                return Bodies.object(body);
            } catch (BadRequestException e) {
                return body.toString(StandardCharsets.UTF_8);
            }
        }
    }
}
