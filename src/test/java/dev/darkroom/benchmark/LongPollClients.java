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

/** Many connections, each with one request whose answer is put off. */
final class LongPollClients implements AutoCloseable {
    private static final int CONNECT_BATCH = 250;

    private final Selector selector = Selector.open();
    private final List<SocketChannel> channels = new ArrayList<>();
    private int responseCount;

    /**
     * Connects, and asks for each of these generations to be told of when it has ended: 2,500 in a second, for each is looked at once when
     * it comes, and what comes faster than the database answers is refused.
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

    /** How many have been answered so far, and with 200. Anything else ends the benchmark. */
    int responseCount() throws IOException {
        selector.selectNow();
        ByteBuffer in = ByteBuffer.allocate(16 * 1024);
        for (SelectionKey key : selector.selectedKeys()) {
            in.clear();
            int read = ((SocketChannel) key.channel()).read(in);
            String answer = new String(in.array(), 0, Math.max(read, 0), StandardCharsets.UTF_8);
            if (!answer.startsWith("HTTP/1.1 200 ")) {
                throw new IllegalStateException("a waiter was told " + answer);
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
