package dev.darkroom.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Stands between the service and another server, and takes that server away: with a word, without, or at the worst moment. Or
 * makes the way there long, or narrow. May be told so from any thread.
 */
public final class TcpProxy implements AutoCloseable {
    private final String host;
    private final int target;
    private final int port;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private final Set<Socket> callers = ConcurrentHashMap.newKeySet();
    private final Set<ConnectionState> watches = ConcurrentHashMap.newKeySet();
    private final Object gate = new Object();
    private final CountDownLatch closing = new CountDownLatch(1);
    private ServerSocket server;
    private boolean blackholed;
    private volatile ResponseLoss responseLoss;
    private volatile Duration delay = Duration.ZERO;
    private volatile int bytesPerSecond = Integer.MAX_VALUE;

    /** Listens on a free port of the loopback address. */
    public TcpProxy(String host, int target) {
        this.host = host;
        this.target = target;
        server = listen(0);
        port = server.getLocalPort();
    }

    /** Where to connect to instead. */
    public int port() {
        return port;
    }

    /** Connections are cut, new ones refused, as when the server has stopped. */
    public void refuseConnections() {
        try {
            server.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        closeConnections();
    }

    /** Connections are closed in order, as after a restart; new ones are well. */
    public void closeConnections() {
        each(sockets, Socket::close);
    }

    /** Connections are reset (RST), as by a firewall or a host that has lost its memory; new ones are well. */
    public void resetConnections() {
        // First for both sides of a connection: the end of one makes the pump close the other.
        each(sockets, socket -> socket.setSoLinger(true, 0));
        each(sockets, Socket::close);
    }

    /** The other server says no more on any connection, and goes on listening; new ones are well. */
    public void closeServerSide() {
        each(callers, Socket::shutdownOutput);
    }

    /** What is sent, either way, arrives so much later. */
    public void delay(Duration each) {
        delay = each;
    }

    /** No more than so much passes, each way and on each connection. {@link Integer#MAX_VALUE} for no limit. */
    public void setBytesPerSecond(int bytes) {
        bytesPerSecond = bytes;
    }

    private interface SocketAction {
        void on(Socket socket) throws IOException;
    }

    private static void each(Set<Socket> sockets, SocketAction socketAction) {
        for (Socket socket : sockets) {
            try {
                socketAction.on(socket);
            } catch (IOException e) {
                // Closed by one of its sides meanwhile.
            }
        }
    }

    /** Listens again after {@link #refuseConnections}. */
    public void acceptConnections() {
        server = listen(port);
    }

    /** Bytes go nowhere, as when a cable is pulled or a machine hangs. */
    public void blackhole() {
        synchronized (gate) {
            blackholed = true;
        }
    }

    /** What waited since {@link #blackhole} goes on its way. */
    public void resumeForwarding() {
        synchronized (gate) {
            blackholed = false;
            gate.notifyAll();
        }
    }

    /**
     * Lets a request through and cuts its connection when the answer comes back: the server has done what the caller does
     * not know to be done. It happens once, on the first connection on which all of {@code requests} are sent, in this
     * order; the answer is that to the last of them.
     *
     * @param requests text that only these requests contain
     * @return completes when the answer is lost
     */
    public CompletableFuture<Void> dropResponseTo(String... requests) {
        ResponseLoss prepared = new ResponseLoss(List.of(requests), new CompletableFuture<>());
        responseLoss = prepared;
        return prepared.triggered;
    }

    private record ResponseLoss(List<String> requests, CompletableFuture<Void> triggered) {}

    /**
     * What is connected now falls silent for ever, new connections are well: as after a fail-over behind a balancer. Nothing is
     * answered any more, the end of a connection neither; only a reset ends one.
     */
    public void cancelResponseLoss() {
        watches.forEach(connectionState -> connectionState.forgotten = true);
    }

    private ServerSocket listen(int on) {
        try {
            ServerSocket listening = new ServerSocket();
            listening.setReuseAddress(true);
            listening.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), on));
            start("accept", () -> {
                while (true) {
                    serve(listening.accept());
                }
            });
            return listening;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void serve(Socket caller) throws IOException {
        Socket called = new Socket(host, target);
        sockets.add(caller);
        sockets.add(called);
        callers.add(caller);
        ConnectionState connectionState = new ConnectionState();
        watches.add(connectionState);
        start("there", () -> forward(caller, called, connectionState, true));
        start("back", () -> forward(called, caller, connectionState, false));
    }

    private void forward(Socket from, Socket to, ConnectionState connectionState, boolean asks)
            throws IOException, InterruptedException {
        try (from;
                to) {
            byte[] block = new byte[4_096];
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            for (int count = in.read(block); count >= 0; count = in.read(block)) {
                synchronized (gate) {
                    while (blackholed) {
                        gate.wait();
                    }
                }
                TimeUnit.NANOSECONDS.sleep(delay.toNanos() + 1_000_000_000L * count / bytesPerSecond);
                if (asks) {
                    connectionState.asked(block, count);
                } else if (connectionState.losesAnswer()) {
                    return;
                }
                if (!connectionState.forgotten && !to.isOutputShutdown()) {
                    out.write(block, 0, count);
                }
            }
            if (connectionState.forgotten) {
                closing.await();
            }
        } finally {
            sockets.remove(from);
            sockets.remove(to);
            callers.remove(from);
            callers.remove(to);
        }
    }

    /** What has become of one connection, and how much of an ambush has been sent on it. */
    private final class ConnectionState {
        private ResponseLoss watched;
        private int seen;
        private String tail = "";
        private volatile boolean forgotten;

        synchronized void asked(byte[] bytes, int count) {
            ResponseLoss current = responseLoss;
            if (current == null) {
                return;
            }
            if (current != watched) {
                watched = current;
                seen = 0;
                tail = "";
            }
            // Requests may be cut anywhere on their way.
            tail += new String(bytes, 0, count, StandardCharsets.ISO_8859_1);
            while (seen < watched.requests.size()) {
                int at = tail.indexOf(watched.requests.get(seen));
                if (at < 0) {
                    break;
                }
                tail = tail.substring(at + watched.requests.get(seen).length());
                seen++;
            }
            tail = tail.substring(Math.max(0, tail.length() - 1_000));
        }

        synchronized boolean losesAnswer() {
            if (watched == null || watched != responseLoss || seen < watched.requests.size()) {
                return false;
            }
            responseLoss = null;
            watched.triggered.complete(null);
            return true;
        }
    }

    private interface Work {
        void run() throws IOException, InterruptedException;
    }

    private static void start(String name, Work work) {
        Thread thread = new Thread(
                () -> {
                    try {
                        work.run();
                    } catch (IOException e) {
                        // One side has closed; both are closed by now.
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                },
                "proxy " + name);
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void close() {
        closing.countDown();
        resumeForwarding();
        refuseConnections();
    }
}
