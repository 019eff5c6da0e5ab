package dev.darkroom.http;

import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The exchanges of the web client that are not over, with their limits and connections. The web client shows neither its request nor its
 * connection. So a request header names the exchange to the guard of the connection, which removes the header. Thread-safe.
 */
final class WebClientExchangeRegistry {
    /** The name of the request header. It is never sent. */
    static final String ID_HEADER = "Darkroom-Exchange";

    private final Map<String, Entry> entries = new ConcurrentHashMap<>();

    /** @param guard null until the request is written */
    private record Entry(int maxBytes, SingleExchangeHandler guard) {}

    /**
     * Adds an exchange.
     *
     * @return its id
     */
    String add(int maxBytes) {
        String id = UUID.randomUUID().toString();
        entries.put(id, new Entry(maxBytes, null));
        return id;
    }

    /** Assigns a connection to an exchange. Returns false when the exchange is over. */
    boolean assign(String id, SingleExchangeHandler guard) {
        Entry entry = entries.computeIfPresent(id, (same, added) -> new Entry(added.maxBytes(), guard));
        if (entry == null) {
            return false;
        }
        guard.limitBody(entry.maxBytes());
        return true;
    }

    void remove(String id) {
        entries.remove(id);
    }

    /** Removes an exchange and aborts its connection. A connection that is not assigned yet is aborted by its guard. */
    void abort(String id) {
        Entry entry = entries.remove(id);
        if (entry != null && entry.guard() != null) {
            entry.guard().abortFromAnyThread();
        }
    }
}
