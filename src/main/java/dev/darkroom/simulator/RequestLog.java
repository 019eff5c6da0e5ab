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
final class RequestLog {
    static final int MOST = 10_000;
    static final int MOST_DOWNLOADS = 100;
    static final int LONGEST_BODY = 16 * 1024;

    private static final DateTimeFormatter MILLIS =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);

    private final Deque<Submitted> entries = new ArrayDeque<>();
    private final Clock clock;

    RequestLog(Clock clock) {
        this.clock = clock;
    }

    /**
     * @param key the idempotency key, may be null
     * @param authorization whether there were credentials; what they were is nobody's business
     */
    Submitted add(String key, boolean authorization, Buffer body) {
        Submitted entry = new Submitted(key, authorization, body);
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

    /** One request and what became of it. */
    sealed class Exchange permits Submitted {
        private final Instant at = clock.instant();
        private String answer;
        private Instant closedAt;

        /** @param what is or will be done, see {@link Fault#describe()} */
        void answeredWith(String what) {
            answer = what;
        }

        /** The client closed the connection before it was answered. */
        void closedByClient() {
            closedAt = clock.instant();
        }

        JsonObject toJson() {
            return new JsonObject()
                    .put("at", MILLIS.format(at))
                    .put("answer", answer)
                    .put("closedAt", closedAt == null ? null : MILLIS.format(closedAt));
        }
    }

    /** One submission. */
    final class Submitted extends Exchange {
        private final String key;
        private final boolean authorization;
        private final Buffer body;
        private final List<Exchange> downloads = new ArrayList<>();

        private Submitted(String key, boolean authorization, Buffer body) {
            this.key = key;
            this.authorization = authorization;
            this.body = body.getBuffer(0, Math.min(body.length(), LONGEST_BODY));
        }

        /** Somebody fetches one of its pictures; the first hundred downloads are kept. */
        Exchange download() {
            Exchange download = new Exchange();
            if (downloads.size() < MOST_DOWNLOADS) {
                downloads.add(download);
            }
            return download;
        }

        @Override
        JsonObject toJson() {
            JsonArray fetched = new JsonArray();
            downloads.forEach(download -> fetched.add(download.toJson()));
            return super.toJson()
                    .put("key", key)
                    .put("authorization", authorization)
                    .put("body", readable())
                    .put("downloads", fetched);
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
