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
import java.util.ArrayList;
import java.util.List;

/**
 * Closed-loop HTTP load: each of a fixed number of keep-alive connections sends its next request when it has received the
 * response. Uses one thread and no HTTP library, since load generator and measured server share the same cores.
 */
final class ClosedLoopHttpLoad {
    private static final byte[] CONTENT_LENGTH = "content-length:".getBytes(StandardCharsets.US_ASCII);
    private static final int MAX_RESPONSE_BYTES = 128 * 1024;

    private final List<Integer> ports;
    private final List<byte[]> requests;
    private final int status;
    private int next;

    /**
     * @param requests raw bytes of the requests, sent in turn
     * @param status expected status of the responses; another one ends the benchmark
     */
    ClosedLoopHttpLoad(int port, List<byte[]> requests, int status) {
        this(List.of(port), requests, status);
    }

    private ClosedLoopHttpLoad(List<Integer> ports, List<byte[]> requests, int status) {
        this.ports = List.copyOf(ports);
        this.requests = requests;
        this.status = status;
    }

    /** Returns a load of submissions of one workload. */
    static ClosedLoopHttpLoad ofPost(int port, PromptWorkload workload) {
        return new ClosedLoopHttpLoad(port, List.of(post(ApiBenchmark.GENERATION, workload.json())), 202);
    }

    /** Returns a load of reads of {@code path} followed by each name in turn. */
    static ClosedLoopHttpLoad ofGets(int port, String path, List<String> names) {
        return new ClosedLoopHttpLoad(
                port, names.stream().map(name -> get(path + name)).toList(), 200);
    }

    /**
     * Returns this load for several servers in turn: each connection is one to each server, and sends its next request to the next server.
     * All servers receive the same number of requests at the same time.
     */
    ClosedLoopHttpLoad inTurn(List<Integer> allPorts) {
        return new ClosedLoopHttpLoad(allPorts, requests, status);
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

    /** Sends at least {@code count} requests and waits for their responses. */
    void send(int connections, int count) throws IOException {
        for (int sent = 0; sent < count; sent += connections) {
            run(connections, Duration.ZERO);
        }
    }

    /** Sends requests for {@code time}, or one per connection when it is zero, and waits for the last responses. */
    LoadResult run(int connections, Duration time) throws IOException {
        try (Selector selector = Selector.open()) {
            List<Connection> first = new ArrayList<>();
            for (int i = 0; i < connections; i++) {
                first.add(connectToAll(selector, i));
            }
            LoadResult.Latencies latencies = new LoadResult.Latencies();
            long start = System.nanoTime();
            long end = start + time.toNanos();
            for (Connection connection : first) {
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
                            connection.following.send();
                        } else {
                            open--;
                        }
                    }
                }
                selector.selectedKeys().clear();
            }
            LoadResult loadResult = LoadResult.of(start, List.of(latencies));
            for (SelectionKey key : selector.keys()) {
                key.channel().close();
            }
            return loadResult;
        }
    }

    /** Connects to each server and returns the connection of the first request, to another server for each {@code index}. */
    private Connection connectToAll(Selector selector, int index) throws IOException {
        List<Connection> ring = new ArrayList<>();
        for (int port : ports) {
            ring.add(new Connection(selector, port));
        }
        for (int i = 0; i < ring.size(); i++) {
            ring.get(i).following = ring.get((i + 1) % ring.size());
        }
        return ring.get(index % ring.size());
    }

    private final class Connection {
        private final SocketChannel channel;
        private final byte[] response = new byte[MAX_RESPONSE_BYTES];
        private final ByteBuffer in = ByteBuffer.wrap(response);
        private int length;
        private long sentAt;

        /** Sends its request after the response to this one. */
        private Connection following;

        Connection(Selector selector, int port) throws IOException {
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

        /** Reads available bytes. Returns true when the response is complete. */
        boolean receive() throws IOException {
            if (channel.read(in) < 0) {
                throw new EOFException("the server closed the connection");
            }
            if (length == 0) {
                length = findResponseLength();
            }
            return length > 0 && in.position() == length;
        }

        /** Returns the length of the response in bytes; 0 while it is unknown. */
        private int findResponseLength() {
            int body = -1;
            for (int i = 0; i + 3 < in.position(); i++) {
                if (response[i] != '\r' || response[i + 2] != '\r') {
                    if (response[i] == '\n' && isContentLength(i + 1)) {
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
                if (from + i >= in.position() || (response[from + i] | 0x20) != (CONTENT_LENGTH[i] | 0x20)) {
                    return false;
                }
            }
            return true;
        }

        private int number(int from) {
            int number = 0;
            for (int i = from; response[i] != '\r'; i++) {
                if (response[i] != ' ') {
                    number = 10 * number + response[i] - '0';
                }
            }
            return number;
        }

        private void check(int body) {
            int actual = 100 * (response[9] - '0') + 10 * (response[10] - '0') + response[11] - '0';
            if (actual != status || body < 0) {
                throw new IllegalStateException("expected status " + status + " with Content-Length, got "
                        + new String(response, 0, in.position(), StandardCharsets.UTF_8));
            }
        }
    }
}
