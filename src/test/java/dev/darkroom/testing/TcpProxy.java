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
 * TCP proxy that injects network faults between the service and another server: refused, closed, reset or silent connections,
 * lost responses, latency and limited bandwidth. Thread-safe.
 */
public final class TcpProxy implements AutoCloseable {
    private final String host;
    private final int target;
    private final int port;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private final Set<Socket> clientSockets = ConcurrentHashMap.newKeySet();
    private final Set<ConnectionState> connectionStates = ConcurrentHashMap.newKeySet();
    private final Object gate = new Object();
    private final CountDownLatch closing = new CountDownLatch(1);
    private ServerSocket server;
    private boolean blackholed;
    private int heldParts;
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

    /** Returns the port of the proxy. */
    public int port() {
        return port;
    }

    /** Closes all connections and refuses new ones, as when the server has stopped. */
    public void refuseConnections() {
        try {
            server.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        closeConnections();
    }

    /** Closes all connections with FIN, as a restart does. New ones work. */
    public void closeConnections() {
        each(sockets, Socket::close);
    }

    /** Resets all connections (RST), as a firewall or a rebooted host does. New ones work. */
    public void resetConnections() {
        // Sets the option on both sides first, because closing one side makes forward() close the other.
        each(sockets, socket -> socket.setSoLinger(true, 0));
        each(sockets, Socket::close);
    }

    /** Half-closes the server side of all connections: no more responses, but requests are still read. New ones work. */
    public void closeServerSide() {
        each(clientSockets, Socket::shutdownOutput);
    }

    /** Delays bytes in both directions. */
    public void delay(Duration latency) {
        delay = latency;
    }

    /** Limits the bandwidth of each connection and direction. {@link Integer#MAX_VALUE} means no limit. */
    public void setBytesPerSecond(int bytes) {
        bytesPerSecond = bytes;
    }

    private interface SocketAction {
        void apply(Socket socket) throws IOException;
    }

    private static void each(Set<Socket> sockets, SocketAction socketAction) {
        for (Socket socket : sockets) {
            try {
                socketAction.apply(socket);
            } catch (IOException e) {
                // One side has closed the connection meanwhile.
            }
        }
    }

    /** Listens again after {@link #refuseConnections}. */
    public void acceptConnections() {
        server = listen(port);
    }

    /** Holds back all bytes, as an unplugged cable or a hanging host would. */
    public void blackhole() {
        synchronized (gate) {
            blackholed = true;
        }
    }

    /** Returns whether bytes have arrived that are held back. */
    public boolean isHoldingBytes() {
        synchronized (gate) {
            return heldParts > 0;
        }
    }

    /** Forwards the bytes held back since {@link #blackhole}. */
    public void resumeForwarding() {
        synchronized (gate) {
            blackholed = false;
            gate.notifyAll();
        }
    }

    /**
     * Forwards a request and closes its connection before the response: the server has executed the request, and the client does
     * not know. Applies once, to the first connection that sends all of {@code requests} in this order. Drops the response to the
     * last of them.
     *
     * @param requests text that only these requests contain
     * @return completes when the response is dropped
     */
    public CompletableFuture<Void> dropResponseTo(String... requests) {
        ResponseLoss prepared = new ResponseLoss(List.of(requests), new CompletableFuture<>());
        responseLoss = prepared;
        return prepared.triggered;
    }

    private record ResponseLoss(List<String> requests, CompletableFuture<Void> triggered) {}

    /**
     * Makes all current connections silent for ever, as after a fail-over behind a load balancer: no bytes and no FIN pass, only a
     * reset ends them. New connections work.
     */
    public void silenceConnections() {
        connectionStates.forEach(connectionState -> connectionState.silenced = true);
    }

    private ServerSocket listen(int localPort) {
        try {
            ServerSocket listening = new ServerSocket();
            listening.setReuseAddress(true);
            listening.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), localPort));
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

    private void serve(Socket clientSocket) throws IOException {
        Socket serverSocket = new Socket(host, target);
        sockets.add(clientSocket);
        sockets.add(serverSocket);
        clientSockets.add(clientSocket);
        ConnectionState connectionState = new ConnectionState();
        connectionStates.add(connectionState);
        start("there", () -> forward(clientSocket, serverSocket, connectionState, true));
        start("back", () -> forward(serverSocket, clientSocket, connectionState, false));
    }

    private void forward(Socket from, Socket to, ConnectionState connectionState, boolean toServer)
            throws IOException, InterruptedException {
        try (from;
                to) {
            byte[] block = new byte[4_096];
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            for (int count = in.read(block); count >= 0; count = in.read(block)) {
                awaitForwarding();
                TimeUnit.NANOSECONDS.sleep(delay.toNanos() + 1_000_000_000L * count / bytesPerSecond);
                if (toServer) {
                    connectionState.recordRequest(block, count);
                } else if (connectionState.takeResponseLoss()) {
                    return;
                }
                if (!connectionState.silenced && !to.isOutputShutdown()) {
                    out.write(block, 0, count);
                }
            }
            if (connectionState.silenced) {
                closing.await();
            }
        } finally {
            sockets.remove(from);
            sockets.remove(to);
            clientSockets.remove(from);
            clientSockets.remove(to);
        }
    }

    private void awaitForwarding() throws InterruptedException {
        synchronized (gate) {
            heldParts++;
            while (blackholed) {
                gate.wait();
            }
            heldParts--;
        }
    }

    /** State of one connection: whether it is silenced, and how many texts of the response loss it has sent. */
    private final class ConnectionState {
        private ResponseLoss watched;
        private int seen;
        private String tail = "";
        private volatile boolean silenced;

        synchronized void recordRequest(byte[] bytes, int count) {
            ResponseLoss current = responseLoss;
            if (current == null) {
                return;
            }
            if (current != watched) {
                watched = current;
                seen = 0;
                tail = "";
            }
            // A request may arrive in several parts.
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

        /** Returns true once, when this connection has sent all texts of the current response loss. */
        synchronized boolean takeResponseLoss() {
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
                        // One side has closed the connection, and try-with-resources closed the other.
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
