package dev.darkroom.api.transport;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.HttpRequestDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Timeouts of incomplete request heads, with a simulated clock. */
class RequestHeadTimeoutTest {
    private static final Duration TIMEOUT = Duration.ofSeconds(30);
    private static final String PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    private static final String SETTINGS = "\0\0\0\4\0\0\0\0\0";
    private static final String REQUEST = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

    private final EmbeddedChannel channel = new EmbeddedChannel();

    RequestHeadTimeoutTest() {
        channel.freezeTime();
    }

    @AfterEach
    void close() {
        channel.finishAndReleaseAll();
    }

    private void accept() {
        RequestHeadTimeout.watchAccepted(channel, TIMEOUT);
    }

    private void acceptHttp1() {
        accept();
        channel.pipeline().addLast(new HttpRequestDecoder(), new ChannelInboundHandlerAdapter());
        RequestHeadTimeout.watchConnected(channel, TIMEOUT);
    }

    private void acceptHttp2() {
        accept();
        send(PREFACE + SETTINGS);
        RequestHeadTimeout.watchConnected(channel, TIMEOUT);
    }

    private void send(String bytes) {
        channel.writeInbound(Unpooled.copiedBuffer(bytes, StandardCharsets.ISO_8859_1));
    }

    private static String frame(int type, int flags, int length) {
        return "" + (char) (length >> 16) + (char) (length >> 8 & 0xff) + (char) (length & 0xff) + (char) type
                + (char) flags + "\0\0\0\1" + "x".repeat(length);
    }

    private boolean isOpenAfter(Duration time) {
        channel.advanceTimeBy(time.toMillis(), TimeUnit.MILLISECONDS);
        channel.runScheduledPendingTasks();
        channel.runPendingTasks();
        return channel.isOpen();
    }

    /** Sends {@code bytes} each second and returns the seconds until the connection is closed. */
    private int secondsUntilClosed(String bytes) {
        for (int i = 0; i < 10_000; i++) {
            if (!channel.isOpen()) {
                return i;
            }
            send(bytes);
            isOpenAfter(Duration.ofSeconds(1));
        }
        return Integer.MAX_VALUE;
    }

    @Test
    void closesSilentConnection() {
        acceptHttp1();

        assertThat(isOpenAfter(TIMEOUT.minusMillis(1))).isTrue();
        assertThat(isOpenAfter(Duration.ofMillis(1))).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"GET /", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\na: ", "PRI * HT", "G"})
    void closesConnectionWithIncompleteFirstHead(String begin) {
        acceptHttp1();
        send(begin);

        assertThat(secondsUntilClosed("x")).isEqualTo(30);
    }

    @Test
    void closesConnectionWithIncompleteNextHead() {
        acceptHttp1();
        send(REQUEST);
        assertThat(isOpenAfter(Duration.ofHours(1))).isTrue();
        send(REQUEST + "GET / HTTP/1.1\r\na: ");

        assertThat(secondsUntilClosed("x")).isEqualTo(30);
    }

    @Test
    void ignoresSlowBodies() {
        acceptHttp1();
        send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n");

        for (int i = 0; i < 999; i++) {
            send("x");
            assertThat(isOpenAfter(Duration.ofSeconds(1))).isTrue();
        }
        send("x" + REQUEST);
        assertThat(isOpenAfter(Duration.ofHours(1))).isTrue();
    }

    @Test
    void keepsConnectionWithHeadsInTime() {
        acceptHttp1();
        for (int i = 0; i < 10; i++) {
            send(REQUEST.substring(0, 20));
            assertThat(isOpenAfter(TIMEOUT.minusMillis(1))).isTrue();
            send(REQUEST.substring(20));
            assertThat(isOpenAfter(TIMEOUT.multipliedBy(2))).isTrue();
        }
    }

    @Test
    void ignoresWebSocket() {
        acceptHttp1();
        send(REQUEST);
        channel.pipeline().remove(HttpRequestDecoder.class);

        for (int i = 0; i < 100; i++) {
            send("x");
            assertThat(isOpenAfter(Duration.ofSeconds(1))).isTrue();
        }
    }

    @Test
    void waitsWhileTheServerDoesNotRead() {
        acceptHttp1();
        send(REQUEST + "GET /");
        send(" ");
        channel.config().setAutoRead(false);

        assertThat(isOpenAfter(TIMEOUT.multipliedBy(3))).isTrue();
        channel.config().setAutoRead(true);
        assertThat(isOpenAfter(TIMEOUT)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {PREFACE, PREFACE + "\0", PREFACE + "\0\0\u0006\4\0\0\0\0\0x"})
    void closesHttp2ConnectionWithoutSettings(String begin) {
        accept();
        send(begin);

        assertThat(isOpenAfter(TIMEOUT.minusMillis(1))).isTrue();
        assertThat(isOpenAfter(Duration.ofMillis(1))).isFalse();
    }

    @Test
    void closesHttp2ConnectionWithIncompleteHeaderBlock() {
        acceptHttp2();
        send(frame(1, 0, 3));

        assertThat(secondsUntilClosed(frame(9, 0, 1))).isEqualTo(30);
    }

    @Test
    void closesHttp2ConnectionWithIncompleteFrame() {
        acceptHttp2();
        assertThat(isOpenAfter(Duration.ofHours(1))).isTrue();
        send(frame(6, 0, 8) + frame(1, 4, 16_000).substring(0, 12));

        assertThat(secondsUntilClosed("x")).isEqualTo(30);
    }

    @Test
    void keepsHttp2ConnectionWithCompleteFrames() {
        acceptHttp2();
        for (int i = 0; i < 100; i++) {
            String frames = frame(1, 0, 30) + frame(9, 0, 0) + frame(9, 4, 200) + frame(0, 1, 16_384) + frame(6, 0, 8);
            for (int from = 0; from < frames.length(); from += 997) {
                send(frames.substring(from, Math.min(frames.length(), from + 997)));
                assertThat(isOpenAfter(Duration.ofMillis(500))).isTrue();
            }
            assertThat(isOpenAfter(Duration.ofHours(1))).isTrue();
        }
    }
}
