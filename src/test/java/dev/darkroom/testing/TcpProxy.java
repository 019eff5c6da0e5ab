package dev.darkroom.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Stands between the service and another server, and takes that server away: with a word, or without. */
public final class TcpProxy implements AutoCloseable {
    private final String host;
    private final int target;
    private final int port;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private final Object gate = new Object();
    private ServerSocket server;
    private boolean silent;

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
    public void refuse() {
        try {
            server.close();
            for (Socket socket : sockets) {
                socket.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Listens again after {@link #refuse}. */
    public void accept() {
        server = listen(port);
    }

    /** Bytes go nowhere, as when a cable is pulled or a machine hangs. */
    public void fallSilent() {
        synchronized (gate) {
            silent = true;
        }
    }

    /** What waited since {@link #fallSilent} goes on its way. */
    public void speak() {
        synchronized (gate) {
            silent = false;
            gate.notifyAll();
        }
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
        start("there", () -> pump(caller, called));
        start("back", () -> pump(called, caller));
    }

    private void pump(Socket from, Socket to) throws IOException, InterruptedException {
        try (from;
                to) {
            byte[] block = new byte[16_384];
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            for (int count = in.read(block); count >= 0; count = in.read(block)) {
                synchronized (gate) {
                    while (silent) {
                        gate.wait();
                    }
                }
                out.write(block, 0, count);
            }
        } finally {
            sockets.remove(from);
            sockets.remove(to);
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
        speak();
        refuse();
    }
}
