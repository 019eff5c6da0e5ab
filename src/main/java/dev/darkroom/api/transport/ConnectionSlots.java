package dev.darkroom.api.transport;

import java.util.HashMap;
import java.util.Map;

/** Limits concurrent connections, in total and per client address. Thread-safe. */
public final class ConnectionSlots {
    private final int maxConnections;
    private final int maxPerAddress;

    // Guarded by this.
    private final Map<String, Integer> countsByAddress = new HashMap<>();
    private int openConnections;

    /** @param maxPerAddress 0 for no limit */
    public ConnectionSlots(int maxConnections, int maxPerAddress) {
        this.maxConnections = maxConnections;
        this.maxPerAddress = maxPerAddress;
    }

    /**
     * Acquires a slot.
     *
     * @param address key of the client address
     * @return releases the slot, must run once; null when a limit is reached
     */
    public synchronized Runnable acquire(String address) {
        int addressCount = countsByAddress.getOrDefault(address, 0);
        if (openConnections >= maxConnections || maxPerAddress > 0 && addressCount >= maxPerAddress) {
            return null;
        }
        openConnections++;
        countsByAddress.put(address, addressCount + 1);
        return () -> release(address);
    }

    private synchronized void release(String address) {
        openConnections--;
        countsByAddress.computeIfPresent(address, (name, count) -> count == 1 ? null : count - 1);
    }

    synchronized int openConnections() {
        return openConnections;
    }
}
