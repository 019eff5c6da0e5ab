package dev.darkroom.api.transport;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.netty.NettyChannels;
import io.netty.channel.Channel;
import io.vertx.core.buffer.Buffer;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Peers that send without pause and do not read, over real sockets and every protocol. */
@Timeout(240)
class NonReadingSenderTest extends UnreadResponseFixture {

    private static String readLine(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int c = in.read(); c != '\n'; c = in.read()) {
            assertThat(c).isNotNegative();
            line.append((char) c);
        }
        return line.toString().trim();
    }

    private static byte[] webSocketPing() {
        byte[] ping = new byte[106];
        ping[0] = (byte) 0x89;
        ping[1] = (byte) (0x80 | 100);
        return ping;
    }

    private void assertAbortsSenderThatDoesNotRead(Socket socket, byte[] frame) throws IOException {
        ByteArrayOutputStream frames = new ByteArrayOutputStream();
        for (int i = 0; i < 1_000; i++) {
            frames.writeBytes(frame);
        }
        Awaitility.await("the connection is aborted").atMost(DEADLINE).until(() -> {
            sample();
            try {
                send(socket, frames.toByteArray());
                return false;
            } catch (IOException aborted) {
                return true;
            }
        });
        awaitOpen(0);
        assertBudgetKeptAndReleased();
    }

    @Test
    void abortsPingingWebSocketThatDoesNotRead() throws Exception {
        createServerState(Duration.ofSeconds(2));
        int port = serve(request -> request.toWebSocket().onSuccess(socket -> {}));
        Socket socket = sendRequest(
                port,
                "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                        + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
        assertAbortsSenderThatDoesNotRead(socket, webSocketPing());
    }

    @Test
    void readsNothingWhileThePeerDoesNotReadAndResumesAfterwards() throws Exception {
        // given
        createServerState(NO_STALL_TIMEOUT);
        AtomicReference<Channel> channel = new AtomicReference<>();
        int port = serve(request -> {
            channel.set(NettyChannels.of(request.connection()));
            request.toWebSocket().onSuccess(socket -> {});
        });
        Socket socket = sendRequest(
                port,
                "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                        + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
        awaitRequests(1);
        int pings = 100_000;
        Thread sender = new Thread(() -> {
            try {
                for (int i = 0; i < pings; i++) {
                    send(socket, webSocketPing());
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });

        // when
        sender.start();

        // then
        Awaitility.await("the server stops reading")
                .atMost(DEADLINE)
                .until(() ->
                        !channel.get().isWritable() && !channel.get().config().isAutoRead());
        sample();

        // when
        DataInputStream in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
        String head = readLine(in);
        while (!head.isEmpty()) {
            head = readLine(in);
        }

        // then
        in.readFully(new byte[pings * (2 + 100)]);
        sender.join();
        assertThat(channel.get().config().isAutoRead()).isTrue();
        assertBudgetKeptAndReleased();
    }

    @Test
    void abortsPingingHttp2ConnectionThatDoesNotRead() throws Exception {
        createServerState(Duration.ofSeconds(2));
        Socket socket = connect(serve(request -> request.response().end()));
        send(socket, RawHttp2Frames.preface(1));
        assertAbortsSenderThatDoesNotRead(socket, RawHttp2Frames.ping());
    }

    @Test
    void abortsPipeliningConnectionThatDoesNotRead() throws Exception {
        createServerState(Duration.ofSeconds(2));
        Socket socket = connect(serve(request -> ResponseWriter.end(request, Buffer.buffer("x".repeat(100)))));
        assertAbortsSenderThatDoesNotRead(socket, (GET + "\r\n").getBytes(StandardCharsets.US_ASCII));
    }
}
