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

/** Rejects the first connections with the error of a starting PostgreSQL and forwards later ones to a real server. */
final class StartingPostgresProxy implements AutoCloseable {
    private final ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final AtomicInteger rejectedConnections = new AtomicInteger();
    private final DatabaseUrl target;
    private final int rejections;

    StartingPostgresProxy(DatabaseUrl target, int rejections) throws IOException {
        this.target = target;
        this.rejections = rejections;
        start(this::serve);
    }

    int port() {
        return server.getLocalPort();
    }

    int rejectedConnections() {
        return rejectedConnections.get();
    }

    private void serve() throws IOException {
        while (true) {
            Socket client = server.accept();
            if (rejectedConnections.get() < rejections) {
                rejectedConnections.incrementAndGet();
                start(() -> reject(client));
            } else {
                Socket upstream = new Socket(target.host(), target.port());
                start(() -> forward(client, upstream));
                start(() -> forward(upstream, client));
            }
        }
    }

    /** Sends an ErrorResponse: E, the length, fields that start with a letter and end with zero, and a final zero. */
    private static void reject(Socket client) throws IOException {
        try (client) {
            InputStream in = client.getInputStream();
            int length = ByteBuffer.wrap(in.readNBytes(4)).getInt();
            int code = ByteBuffer.wrap(in.readNBytes(4)).getInt();
            in.readNBytes(length - 8);
            if (length == 8 && code >> 16 == 1234) {
                // An SSLRequest. The client continues without TLS after N.
                client.getOutputStream().write('N');
                length = ByteBuffer.wrap(in.readNBytes(4)).getInt();
                in.readNBytes(length - 4);
            }
            byte[] fields = "SFATAL\0VFATAL\0C57P03\0Mthe database system is starting up\0\0"
                    .getBytes(StandardCharsets.US_ASCII);
            ByteBuffer response = ByteBuffer.allocate(5 + fields.length)
                    .put((byte) 'E')
                    .putInt(4 + fields.length)
                    .put(fields);
            client.getOutputStream().write(response.array());
            client.getOutputStream().flush();
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
