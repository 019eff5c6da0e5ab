package dev.darkroom.telemetry;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Running spans by the ids that log lines of their work contain, for {@link TraceIdFilter}. Independent of threads, because the work of a
 * span runs on several. Static, like the log. Thread-safe.
 */
final class LoggedSpans {
    /** Keys of the ids in log lines. Of several in a line, the first one with a span decides. */
    static final List<String> KEYS = List.of("requestId", "delivery", "generation");

    private static final Map<Id, TraceSpan> SPANS = new ConcurrentHashMap<>();

    private record Id(String key, String value) {}

    private LoggedSpans() {}

    static void add(String key, String id, TraceSpan span) {
        SPANS.put(new Id(key, id), span);
    }

    static void remove(String key, String id, TraceSpan span) {
        SPANS.remove(new Id(key, id), span);
    }

    static boolean isEmpty() {
        return SPANS.isEmpty();
    }

    /** Returns null when no such span is running. */
    static TraceSpan find(String key, String id) {
        return SPANS.get(new Id(key, id));
    }
}
