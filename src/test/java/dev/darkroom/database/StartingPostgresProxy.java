package dev.darkroom.database;

import dev.darkroom.config.DatabaseUrl;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicInteger;

/** Says what a PostgreSQL says that is starting up, to the first callers, and lets the later ones through to a real one. */
final class StartingPostgresProxy implements AutoCloseable {
    private final ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final AtomicInteger refusedConnections = new AtomicInteger();
    private final DatabaseUrl target;
    private final int refusals;

    StartingPostgresProxy(DatabaseUrl real, int refusals) throws IOException {
        this.target = real;
        this.refusals = refusals;
        start(this::serve);
    }

    int port() {
        return server.getLocalPort();
    }

    int refusedConnections() {
        return refusedConnections.get();
    }

    private void serve() throws IOException {
        while (true) {
            Socket caller = server.accept();
            if (refusedConnections.get() < refusals) {
                refusedConnections.incrementAndGet();
                start(() -> refuse(caller));
            } else {
                Socket there = new Socket(target.host(), target.port());
                start(() -> forward(caller, there));
                start(() -> forward(there, caller));
            }
        }
    }

    /** ErrorResponse of the protocol: E, length, fields that begin with a letter and end with zero, zero. */
    private static void refuse(Socket caller) throws IOException {
        try (caller) {
            InputStream in = caller.getInputStream();
            int length = ByteBuffer.wrap(in.readNBytes(4)).getInt();
            int code = ByteBuffer.wrap(in.readNBytes(4)).getInt();
            in.readNBytes(length - 8);
            if (length == 8 && code >> 16 == 1234) {
                // It asks for encryption, and asks again after a no.
                caller.getOutputStream().write('N');
                length = ByteBuffer.wrap(in.readNBytes(4)).getInt();
                in.readNBytes(length - 4);
            }
            byte[] fields = "SFATAL\0VFATAL\0C57P03\0Mthe database system is starting up\0\0"
                    .getBytes(StandardCharsets.US_ASCII);
            ByteBuffer answer = ByteBuffer.allocate(5 + fields.length)
                    .put((byte) 'E')
                    .putInt(4 + fields.length)
                    .put(fields);
            caller.getOutputStream().write(answer.array());
            caller.getOutputStream().flush();
            in.readAllBytes();
        }
    }

    private static void forward(Socket from, Socket to) throws IOException {
        try (from;
                to) {
            from.getInputStream().transferTo(to.getOutputStream());
        }
    }

    private interface Task {
        void run() throws IOException;
    }

    private static void start(Task task) {
        Thread thread = new Thread(() -> {
            try {
                task.run();
            } catch (IOException e) {
                // One side has closed its connection.
            }
        });
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void close() {
        try {
            server.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
