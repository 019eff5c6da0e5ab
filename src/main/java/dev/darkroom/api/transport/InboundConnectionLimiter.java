package dev.darkroom.api.transport;

import dev.darkroom.auth.ClientAddressKey;
import io.netty.channel.Channel;
import io.vertx.core.transport.Transport;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Limits the accepted connections of a process, in total and per address, and their unsent bytes. A connection above a limit is closed when
 * it is accepted, before it takes memory. Thread-safe.
 */
public final class InboundConnectionLimiter {
    /** Limit per separate port. Such ports serve few clients, all of the operator. */
    private static final int MAX_SEPARATE_CONNECTIONS = 64;

    private final int maxConnections;
    private final int maxPerAddress;
    private final Duration stallTimeout;
    private final UnsentByteBudget budget;
    private final RateLimitedWarning warning = new RateLimitedWarning("connection rejected, connection limit reached");

    /** Number of connections by port. */
    private final Map<Integer, Integer> separatePorts = new ConcurrentHashMap<>();

    private final Map<Integer, Boolean> exemptPorts = new ConcurrentHashMap<>();

    private final Map<Integer, Duration> headTimeoutsByPort = new ConcurrentHashMap<>();

    // Guarded by this.
    private final Map<String, Integer> countsByAddress = new HashMap<>();
    private int openConnections;

    /**
     * @param maxConnections connections in total
     * @param maxPerAddress connections per client address; 0 for no limit
     * @param maxUnsentBytes unsent bytes of all connections together
     * @param stallTimeout time without progress after which a write is aborted
     */
    public InboundConnectionLimiter(int maxConnections, int maxPerAddress, long maxUnsentBytes, Duration stallTimeout) {
        this.maxConnections = maxConnections;
        this.maxPerAddress = maxPerAddress;
        this.stallTimeout = stallTimeout;
        this.budget = new UnsentByteBudget(maxUnsentBytes);
    }

    /** Returns the transport that applies these limits to the servers of a Vert.x instance. */
    public Transport transport() {
        return new ConnectionLimitingTransport(this);
    }

    /** Counts connections to this port separately: the port stays reachable when all other connections are in use. */
    public void countSeparately(int port) {
        separatePorts.put(port, 0);
    }

    /** Limits the time of request heads to this port. */
    public void limitRequestHeads(int port, Duration timeout) {
        headTimeoutsByPort.put(port, timeout);
    }

    /** Exempts connections to this port from all limits; for connections of the process to itself. */
    public void exemptPort(int port) {
        exemptPorts.put(port, true);
    }

    /** Returns the number of open connections, without separate and exempt ports. */
    public synchronized int openConnections() {
        return openConnections;
    }

    public UnsentByteBudget budget() {
        return budget;
    }

    /** Prepares an accepted channel. Returns false when the channel must be closed. */
    boolean tryAccept(SocketAddress local, Channel channel) {
        int port = local instanceof InetSocketAddress inet ? inet.getPort() : 0;
        if (exemptPorts.containsKey(port)) {
            return true;
        }
        Runnable release = separatePorts.containsKey(port) ? acquireSeparate(port) : acquire(channel.remoteAddress());
        if (release == null) {
            warning.log("address", address(channel.remoteAddress()));
            return false;
        }
        UnsentByteTracker tracker = UnsentByteTracker.open(budget, channel, stallTimeout);
        channel.closeFuture().addListener(closed -> {
            tracker.close();
            release.run();
        });
        channel.pipeline().addFirst("outboundMonitor", new WriteBackpressureHandler(tracker));
        Duration headTimeout = headTimeoutsByPort.get(port);
        if (headTimeout != null) {
            RequestHeadTimeout.watchAccepted(channel, headTimeout);
        }
        return true;
    }

    static String address(SocketAddress remote) {
        return remote instanceof InetSocketAddress inet
                ? ClientAddressKey.of(io.vertx.core.net.SocketAddress.inetSocketAddress(inet))
                : String.valueOf(remote);
    }

    private Runnable acquireSeparate(int port) {
        int count = separatePorts.merge(port, 1, Integer::sum);
        Runnable release = () -> separatePorts.merge(port, -1, Integer::sum);
        if (count > MAX_SEPARATE_CONNECTIONS) {
            release.run();
            return null;
        }
        return release;
    }

    private synchronized Runnable acquire(SocketAddress remote) {
        String address = address(remote);
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
}
