package dev.darkroom.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Client for many event streams. Reads them with one thread and no HTTP library, because clients and service share the cores.
 * The caller numbers the streams; a stream has one connection at a time. Thread-safe. Only {@link #close} blocks.
 */
public final class SseLoadClient implements AutoCloseable {
    private static final int READ = 64 * 1024;
    /** Number of source addresses, since one address has too few ports. */
    private static final int SOURCES = 8;

    /** Callbacks on the reading thread, which must not block. */
    public interface Listener {
        /** The response has started. For status 200, the first bytes of the body have arrived too. */
        default void live(int stream, int status) {}

        /** An event has arrived. */
        void onEvent(int stream, SseEvent event);

        /** The connection has ended or has failed to open. */
        void onClosed(int stream);
    }

    /** @param at time to connect, as {@link System#nanoTime} */
    private record OpenRequest(int stream, int port, byte[] request, long at) {}

    private final Listener listener;
    private final Selector selector;
    private final Thread thread;
    private final Queue<OpenRequest> requestedOpenings = new ConcurrentLinkedQueue<>();
    private final Queue<Integer> droppedStreams = new ConcurrentLinkedQueue<>();
    private final PriorityQueue<OpenRequest> delayedOpenings =
            new PriorityQueue<>((one, other) -> Long.signum(one.at - other.at));
    private final ConcurrentHashMap<Integer, Connection> open = new ConcurrentHashMap<>();
    private final ByteBuffer in = ByteBuffer.allocateDirect(READ);
    private final AtomicReference<Throwable> failed = new AtomicReference<>();
    private volatile boolean closing;

    public SseLoadClient(Listener listener) {
        this.listener = listener;
        try {
            selector = Selector.open();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        thread = new Thread(this::run, "event streams");
        thread.setDaemon(true);
        thread.start();
    }

    /** Returns the bytes of a stream request. The path may have a query; each header is a whole line. */
    public static byte[] request(String path, String... headers) {
        StringBuilder text = new StringBuilder("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n");
        text.append("Accept: text/event-stream\r\n");
        for (String header : headers) {
            text.append(header).append("\r\n");
        }
        return text.append("\r\n").toString().getBytes(StandardCharsets.UTF_8);
    }

    /** Connects after a delay and sends the request. */
    public void open(int stream, int port, byte[] request, Duration delay) {
        requestedOpenings.add(new OpenRequest(stream, port, request, System.nanoTime() + delay.toNanos()));
        selector.wakeup();
    }

    /** Closes the connection of a stream without calling the listener. */
    public void closeStream(int stream) {
        droppedStreams.add(stream);
        selector.wakeup();
    }

    /** Returns the number of connections. */
    public int openStreams() {
        return open.size();
    }

    /** Throws when the reading thread has failed, for example in the listener. */
    public void assertNoFailure() {
        Throwable error = failed.get();
        if (error != null) {
            throw new IllegalStateException("reading of streams failed", error);
        }
    }

    private void run() {
        try {
            while (!closing) {
                applyRequests();
                long wait = delayedOpenings.isEmpty()
                        ? 1_000
                        : Math.max(0, (delayedOpenings.peek().at - System.nanoTime()) / 1_000_000);
                if (wait == 0) {
                    selector.selectNow();
                } else {
                    selector.select(wait);
                }
                for (SelectionKey key : selector.selectedKeys()) {
                    ((Connection) key.attachment()).ready();
                }
                selector.selectedKeys().clear();
            }
        } catch (IOException | RuntimeException | Error e) {
            failed.set(e);
        }
    }

    private void applyRequests() {
        for (OpenRequest opening = requestedOpenings.poll(); opening != null; opening = requestedOpenings.poll()) {
            delayedOpenings.add(opening);
        }
        for (Integer stream = droppedStreams.poll(); stream != null; stream = droppedStreams.poll()) {
            Connection dropped = open.remove(stream);
            if (dropped != null) {
                dropped.release();
            }
        }
        while (!delayedOpenings.isEmpty() && delayedOpenings.peek().at - System.nanoTime() <= 0) {
            OpenRequest due = delayedOpenings.poll();
            Connection connection = new Connection(due);
            open.put(due.stream, connection);
            connection.connect();
        }
    }

    /** Closes all connections without calling the listener. */
    @Override
    public void close() {
        closing = true;
        selector.wakeup();
        try {
            thread.join();
            open.values().forEach(Connection::release);
            selector.close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static long nowMicros() {
        Instant now = Instant.now();
        return now.getEpochSecond() * 1_000_000 + now.getNano() / 1_000;
    }

    private final class Connection {
        private final OpenRequest opening;
        private final SseResponseReader reader = new SseResponseReader();
        private SocketChannel channel;
        private boolean live;

        Connection(OpenRequest opening) {
            this.opening = opening;
        }

        void connect() {
            try {
                channel = SocketChannel.open();
                channel.configureBlocking(false);
                channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
                channel.bind(new InetSocketAddress("127.0.0." + (2 + opening.stream % SOURCES), 0));
                channel.register(selector, SelectionKey.OP_CONNECT, this);
                if (channel.connect(new InetSocketAddress("127.0.0.1", opening.port))) {
                    ready();
                }
            } catch (IOException e) {
                end();
            }
        }

        void ready() {
            try {
                SelectionKey key = channel.keyFor(selector);
                if (key == null || !key.isValid()) {
                    return;
                }
                if (channel.isConnectionPending() && channel.finishConnect()) {
                    key.interestOps(SelectionKey.OP_READ);
                    // A request fits into the empty send buffer, so one write sends it completely.
                    channel.write(ByteBuffer.wrap(opening.request));
                } else {
                    receive();
                }
            } catch (IOException e) {
                end();
            }
        }

        private void receive() throws IOException {
            in.clear();
            int count = channel.read(in);
            long now = nowMicros();
            in.flip();
            reader.read(in, now, event -> listener.onEvent(opening.stream, event));
            if (!live && reader.status() != 0 && (reader.bodyBytes() > 0 || reader.status() != 200)) {
                live = true;
                listener.live(opening.stream, reader.status());
            }
            if (count < 0) {
                end();
            }
        }

        private void end() {
            release();
            if (open.remove(opening.stream, this)) {
                listener.onClosed(opening.stream);
            }
        }

        void release() {
            try {
                if (channel != null) {
                    channel.close();
                }
            } catch (IOException e) {
                // The channel is closed anyway.
            }
        }
    }
}
