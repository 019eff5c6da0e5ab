package dev.darkroom.benchmark;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;

/**
 * Keeps an HTTP server busy: a fixed number of keep-alive connections, on each the next request as soon as the last one is
 * answered. One thread and no HTTP library, since what the load costs is taken from the same cores as what is measured.
 */
final class ClosedLoopHttpLoad {
    private static final byte[] CONTENT_LENGTH = "content-length:".getBytes(StandardCharsets.US_ASCII);
    private static final int MAX_ANSWER = 128 * 1024;

    private final int port;
    private final List<byte[]> requests;
    private final int status;
    private int next;

    /**
     * @param requests what is sent, byte for byte, in turn
     * @param status of the answer; anything else ends the benchmark
     */
    ClosedLoopHttpLoad(int port, List<byte[]> requests, int status) {
        this.port = port;
        this.requests = requests;
        this.status = status;
    }

    static byte[] get(String path) {
        return ("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n").getBytes(StandardCharsets.UTF_8);
    }

    static byte[] post(String path, String json) {
        int length = json.getBytes(StandardCharsets.UTF_8).length;
        return ("POST " + path + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: "
                        + length + "\r\n\r\n" + json)
                .getBytes(StandardCharsets.UTF_8);
    }

    /** Sends requests for so long, or one if it is zero, and waits for the last answers. */
    LoadResult run(int connections, Duration time) throws IOException {
        try (Selector selector = Selector.open()) {
            Connection[] all = new Connection[connections];
            for (int i = 0; i < connections; i++) {
                all[i] = new Connection(selector);
            }
            LoadResult.Latencies latencies = new LoadResult.Latencies();
            long start = System.nanoTime();
            long end = start + time.toNanos();
            for (Connection connection : all) {
                connection.send();
            }
            int open = connections;
            while (open > 0) {
                selector.select();
                for (SelectionKey key : selector.selectedKeys()) {
                    Connection connection = (Connection) key.attachment();
                    if (connection.receive()) {
                        long now = System.nanoTime();
                        latencies.add(now - connection.sentAt);
                        if (now < end) {
                            connection.send();
                        } else {
                            open--;
                        }
                    }
                }
                selector.selectedKeys().clear();
            }
            LoadResult loadResult = LoadResult.of(start, List.of(latencies));
            for (Connection connection : all) {
                connection.channel.close();
            }
            return loadResult;
        }
    }

    private final class Connection {
        private final SocketChannel channel;
        private final byte[] answer = new byte[MAX_ANSWER];
        private final ByteBuffer in = ByteBuffer.wrap(answer);
        private int length;
        private long sentAt;

        Connection(Selector selector) throws IOException {
            channel = SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            channel.configureBlocking(false);
            channel.register(selector, SelectionKey.OP_READ, this);
        }

        void send() throws IOException {
            ByteBuffer request = ByteBuffer.wrap(requests.get(next));
            next = next + 1 == requests.size() ? 0 : next + 1;
            in.clear();
            length = 0;
            sentAt = System.nanoTime();
            while (request.hasRemaining()) {
                channel.write(request);
            }
        }

        /** Whether the answer is whole. */
        boolean receive() throws IOException {
            if (channel.read(in) < 0) {
                throw new EOFException("the server closed the connection");
            }
            if (length == 0) {
                length = lengthOfAnswer();
            }
            return length > 0 && in.position() == length;
        }

        /** 0 as long as it is not known. */
        private int lengthOfAnswer() {
            int body = -1;
            for (int i = 0; i + 3 < in.position(); i++) {
                if (answer[i] != '\r' || answer[i + 2] != '\r') {
                    if (answer[i] == '\n' && isContentLength(i + 1)) {
                        body = number(i + 1 + CONTENT_LENGTH.length);
                    }
                } else {
                    check(body);
                    return i + 4 + body;
                }
            }
            return 0;
        }

        private boolean isContentLength(int from) {
            for (int i = 0; i < CONTENT_LENGTH.length; i++) {
                if (from + i >= in.position() || (answer[from + i] | 0x20) != (CONTENT_LENGTH[i] | 0x20)) {
                    return false;
                }
            }
            return true;
        }

        private int number(int from) {
            int number = 0;
            for (int i = from; answer[i] != '\r'; i++) {
                if (answer[i] != ' ') {
                    number = 10 * number + answer[i] - '0';
                }
            }
            return number;
        }

        private void check(int body) {
            int got = 100 * (answer[9] - '0') + 10 * (answer[10] - '0') + answer[11] - '0';
            if (got != status || body < 0) {
                throw new IllegalStateException("expected an answer " + status + " of a known length, got "
                        + new String(answer, 0, in.position(), StandardCharsets.UTF_8));
            }
        }
    }
}
