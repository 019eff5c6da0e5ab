package dev.darkroom.inbound;

import dev.darkroom.access.Address;
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
public final class InboundConnections {
    /** Separate listeners have few callers, which are the operator's. */
    private static final int SEPARATE_CONNECTIONS = 64;

    private final int most;
    private final int mostPerAddress;
    private final Duration patience;
    private final UnsentBudget budget;
    private final RareWarning warning = new RareWarning("connections refused, too many are open");

    /** By port, with the number of their connections. */
    private final Map<Integer, Integer> separate = new ConcurrentHashMap<>();

    private final Map<Integer, Boolean> exempt = new ConcurrentHashMap<>();

    /** By port. */
    private final Map<Integer, Duration> headTimeouts = new ConcurrentHashMap<>();

    // Guarded by this.
    private final Map<String, Integer> byAddress = new HashMap<>();
    private int open;

    /**
     * @param most connections in all
     * @param mostPerAddress connections of one address; 0 for no limit
     * @param unsentBytes that may wait in all of them together
     * @param patience with a peer that does not read
     */
    public InboundConnections(int most, int mostPerAddress, long unsentBytes, Duration patience) {
        this.most = most;
        this.mostPerAddress = mostPerAddress;
        this.patience = patience;
        this.budget = new UnsentBudget(unsentBytes);
    }

    /** Returns what a Vert.x instance has to be built with, so that its servers keep to these limits. */
    public Transport transport() {
        return new InboundTransport(this);
    }

    /** Counts connections to this port apart, a few: the port stays reachable when all other connections are taken. */
    public void separate(int port) {
        separate.put(port, 0);
    }

    /** Bounds the time that request heads to this port may take. */
    public void limitHeads(int port, Duration timeout) {
        headTimeouts.put(port, timeout);
    }

    /** Neither limits nor measures connections to this port, on which the process talks to itself. */
    public void exempt(int port) {
        exempt.put(port, true);
    }

    /** Returns the number of connections, without those to separate ports. */
    public synchronized int open() {
        return open;
    }

    public UnsentBudget budget() {
        return budget;
    }

    /** Prepares a channel that was just accepted; false when it has to be closed. */
    boolean admit(SocketAddress local, Channel channel) {
        int port = local instanceof InetSocketAddress inet ? inet.getPort() : 0;
        if (exempt.containsKey(port)) {
            return true;
        }
        Runnable leave = separate.containsKey(port) ? enterSeparate(port) : enter(channel.remoteAddress());
        if (leave == null) {
            warning.log("address", address(channel.remoteAddress()));
            return false;
        }
        UnsentAccount account = UnsentAccount.open(budget, channel, patience);
        channel.closeFuture().addListener(gone -> {
            account.close();
            leave.run();
        });
        channel.pipeline().addFirst("outboundMonitor", new OutboundMonitor(account));
        Duration headTimeout = headTimeouts.get(port);
        if (headTimeout != null) {
            RequestHeadTimeout.accepted(channel, headTimeout);
        }
        return true;
    }

    static String address(SocketAddress remote) {
        return remote instanceof InetSocketAddress inet
                ? Address.of(io.vertx.core.net.SocketAddress.inetSocketAddress(inet))
                : String.valueOf(remote);
    }

    private Runnable enterSeparate(int port) {
        int taken = separate.merge(port, 1, Integer::sum);
        Runnable leave = () -> separate.merge(port, -1, Integer::sum);
        if (taken > SEPARATE_CONNECTIONS) {
            leave.run();
            return null;
        }
        return leave;
    }

    private synchronized Runnable enter(SocketAddress remote) {
        String address = address(remote);
        int ofAddress = byAddress.getOrDefault(address, 0);
        if (open >= most || mostPerAddress > 0 && ofAddress >= mostPerAddress) {
            return null;
        }
        open++;
        byAddress.put(address, ofAddress + 1);
        return () -> leave(address);
    }

    private synchronized void leave(String address) {
        open--;
        byAddress.computeIfPresent(address, (name, count) -> count == 1 ? null : count - 1);
    }
}
