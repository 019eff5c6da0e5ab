package dev.darkroom.benchmark;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Many connections with one long poll each. */
final class LongPollClients implements AutoCloseable {
    private static final int CONNECT_BATCH = 250;

    private final Selector selector = Selector.open();
    private final List<SocketChannel> channels = new ArrayList<>();
    private int responseCount;

    /**
     * Opens one connection per generation and sends a GET with {@code Prefer: wait}. Opens 2,500 per second, since the
     * service reads each generation once and rejects requests beyond the capacity of its database pool.
     *
     * @param seconds of the {@code Prefer} header
     */
    LongPollClients(int port, List<String> ids, int seconds) throws IOException, InterruptedException {
        for (String id : ids) {
            if (channels.size() % CONNECT_BATCH == 0) {
                Thread.sleep(100);
            }
            SocketChannel channel = SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            channel.write(ByteBuffer.wrap(("GET /api/generation/" + id + " HTTP/1.1\r\nHost: localhost\r\nPrefer: wait="
                            + seconds + "\r\n\r\n")
                    .getBytes(StandardCharsets.UTF_8)));
            channel.configureBlocking(false);
            channel.register(selector, SelectionKey.OP_READ);
            channels.add(channel);
        }
    }

    /** Returns the number of responses so far. A status other than 200 ends the benchmark. */
    int responseCount() throws IOException {
        selector.selectNow();
        ByteBuffer in = ByteBuffer.allocate(16 * 1024);
        for (SelectionKey key : selector.selectedKeys()) {
            in.clear();
            int read = ((SocketChannel) key.channel()).read(in);
            String response = new String(in.array(), 0, Math.max(read, 0), StandardCharsets.UTF_8);
            if (!response.startsWith("HTTP/1.1 200 ")) {
                throw new IllegalStateException("unexpected response to a long poll: " + response);
            }
            key.cancel();
            responseCount++;
        }
        selector.selectedKeys().clear();
        return responseCount;
    }

    @Override
    public void close() throws IOException {
        for (SocketChannel channel : channels) {
            channel.close();
        }
        selector.close();
    }
}
