package dev.darkroom.api.transport;

import dev.darkroom.auth.ClientAddressKey;
import dev.darkroom.telemetry.RateLimitedWarning;
import io.netty.channel.Channel;
import io.vertx.core.transport.Transport;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.LoggerFactory;

/**
 * Limits the accepted connections of a process, in total and per address, and their unsent bytes. A connection above a limit is closed when
 * it is accepted, before it takes memory. Thread-safe.
 */
public final class InboundConnectionLimiter {
    /** Limit per separate port. Such ports serve few clients, all of the operator. */
    private static final int MAX_SEPARATE_CONNECTIONS = 64;

    private final ConnectionSlots slots;
    private final Duration stallTimeout;
    private final UnsentByteBudget budget;
    private final RateLimitedWarning warning = new RateLimitedWarning(
            LoggerFactory.getLogger(InboundConnectionLimiter.class), "connection rejected, connection limit reached");

    private final LongAdder rejected = new LongAdder();

    private final Map<Integer, ConnectionSlots> separateSlotsByPort = new ConcurrentHashMap<>();

    private final Map<Integer, Boolean> exemptPorts = new ConcurrentHashMap<>();

    private final Map<Integer, Duration> headTimeoutsByPort = new ConcurrentHashMap<>();

    /**
     * @param maxConnections connections in total
     * @param maxPerAddress connections per client address; 0 for no limit
     * @param maxUnsentBytes unsent bytes of all connections together
     * @param stallTimeout time without progress after which a write is aborted
     */
    public InboundConnectionLimiter(int maxConnections, int maxPerAddress, long maxUnsentBytes, Duration stallTimeout) {
        this.slots = new ConnectionSlots(maxConnections, maxPerAddress);
        this.stallTimeout = stallTimeout;
        this.budget = new UnsentByteBudget(maxUnsentBytes);
    }

    /** Returns the transport that applies these limits to the servers of a Vert.x instance. */
    public Transport transport() {
        return new ConnectionLimitingTransport(this);
    }

    /** Counts connections to this port separately: the port stays reachable when all other connections are in use. */
    public void countSeparately(int port) {
        separateSlotsByPort.put(port, new ConnectionSlots(MAX_SEPARATE_CONNECTIONS, 0));
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
    public int openConnections() {
        return slots.openConnections();
    }

    /** Returns the number of connections that were closed because of a limit since the start of the process. */
    long rejectedConnections() {
        return rejected.sum();
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
        String address = address(channel.remoteAddress());
        Runnable release = separateSlotsByPort.getOrDefault(port, slots).acquire(address);
        if (release == null) {
            rejected.increment();
            warning.log("address", address);
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
}
