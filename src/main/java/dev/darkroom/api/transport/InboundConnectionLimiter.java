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
 * The connections that a process has accepted: how many there may be, in all and of one address, and how many bytes may wait in them.
 * A connection too many is closed when it is accepted, before it costs memory. Thread-safe.
 */
public final class InboundConnectionLimiter {
    /** Separate listeners have few callers, which are the operator's. */
    private static final int MAX_SEPARATE_CONNECTIONS = 64;

    private final int maxConnections;
    private final int maxPerAddress;
    private final Duration stallTimeout;
    private final UnsentByteBudget budget;
    private final RateLimitedWarning warning = new RateLimitedWarning("connections refused, too many are open");

    /** By port, with the number of their connections. */
    private final Map<Integer, Integer> separatePorts = new ConcurrentHashMap<>();

    private final Map<Integer, Boolean> exemptPorts = new ConcurrentHashMap<>();

    /** By port. */
    private final Map<Integer, Duration> headTimeoutsByPort = new ConcurrentHashMap<>();

    // Guarded by this.
    private final Map<String, Integer> countsByAddress = new HashMap<>();
    private int openConnections;

    /**
     * @param most connections in all
     * @param mostPerAddress connections of one address; 0 for no limit
     * @param unsentBytes that may wait in all of them together
     * @param patience with a peer that does not read
     */
    public InboundConnectionLimiter(int most, int mostPerAddress, long unsentBytes, Duration patience) {
        this.maxConnections = most;
        this.maxPerAddress = mostPerAddress;
        this.stallTimeout = patience;
        this.budget = new UnsentByteBudget(unsentBytes);
    }

    /** Returns what a Vert.x instance has to be built with, so that its servers keep to these limits. */
    public Transport transport() {
        return new ConnectionLimitingTransport(this);
    }

    /** Counts connections to this port apart, a few: the port stays reachable when all other connections are taken. */
    public void countSeparately(int port) {
        separatePorts.put(port, 0);
    }

    /** Bounds the time that request heads to this port may take. */
    public void limitRequestHeads(int port, Duration timeout) {
        headTimeoutsByPort.put(port, timeout);
    }

    /** Neither limits nor measures connections to this port, on which the process talks to itself. */
    public void exemptPort(int port) {
        exemptPorts.put(port, true);
    }

    /** Returns the number of connections, without those to separate ports. */
    public synchronized int openConnections() {
        return openConnections;
    }

    public UnsentByteBudget budget() {
        return budget;
    }

    /** Prepares a channel that was just accepted; false when it has to be closed. */
    boolean tryAccept(SocketAddress local, Channel channel) {
        int port = local instanceof InetSocketAddress inet ? inet.getPort() : 0;
        if (exemptPorts.containsKey(port)) {
            return true;
        }
        Runnable leave = separatePorts.containsKey(port) ? acquireSeparate(port) : acquire(channel.remoteAddress());
        if (leave == null) {
            warning.log("address", address(channel.remoteAddress()));
            return false;
        }
        UnsentByteTracker account = UnsentByteTracker.open(budget, channel, stallTimeout);
        channel.closeFuture().addListener(gone -> {
            account.close();
            leave.run();
        });
        channel.pipeline().addFirst("outboundMonitor", new WriteBackpressureHandler(account));
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
        int taken = separatePorts.merge(port, 1, Integer::sum);
        Runnable leave = () -> separatePorts.merge(port, -1, Integer::sum);
        if (taken > MAX_SEPARATE_CONNECTIONS) {
            leave.run();
            return null;
        }
        return leave;
    }

    private synchronized Runnable acquire(SocketAddress remote) {
        String address = address(remote);
        int ofAddress = countsByAddress.getOrDefault(address, 0);
        if (openConnections >= maxConnections || maxPerAddress > 0 && ofAddress >= maxPerAddress) {
            return null;
        }
        openConnections++;
        countsByAddress.put(address, ofAddress + 1);
        return () -> release(address);
    }

    private synchronized void release(String address) {
        openConnections--;
        countsByAddress.computeIfPresent(address, (name, count) -> count == 1 ? null : count - 1);
    }
}
