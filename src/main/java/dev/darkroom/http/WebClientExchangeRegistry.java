package dev.darkroom.http;

import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Active exchanges of the web client with their limits and connections. The web client exposes neither its request nor its
 * connection, so a request header passes the id of the exchange to the {@link SingleExchangeHandler} of the connection,
 * which removes the header. Thread-safe.
 */
final class WebClientExchangeRegistry {
    /** Name of the request header with the id. It is never sent. */
    static final String ID_HEADER = "Darkroom-Exchange";

    private final Map<String, Entry> entries = new ConcurrentHashMap<>();

    /** @param handler null until the request is written */
    private record Entry(int maxBytes, SingleExchangeHandler handler) {}

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

    /** Assigns a connection to an exchange. Returns false when the exchange has ended. */
    boolean assign(String id, SingleExchangeHandler handler) {
        Entry entry = entries.computeIfPresent(id, (same, added) -> new Entry(added.maxBytes(), handler));
        if (entry == null) {
            return false;
        }
        handler.limitBody(entry.maxBytes());
        return true;
    }

    void remove(String id) {
        entries.remove(id);
    }

    /** Removes an exchange and aborts its connection. When none is assigned yet, its handler aborts it on the write. */
    void abort(String id) {
        Entry entry = entries.remove(id);
        if (entry != null && entry.handler() != null) {
            entry.handler().abortFromAnyThread();
        }
    }
}
