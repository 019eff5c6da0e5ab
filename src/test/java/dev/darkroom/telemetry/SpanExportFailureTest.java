package dev.darkroom.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.darkroom.config.Secret;
import dev.darkroom.config.TracingSettings;
import io.vertx.core.MultiMap;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class SpanExportFailureTest {
    private final ListAppender<ILoggingEvent> log = new ListAppender<>();

    @BeforeEach
    void startLog() {
        log.start();
        logger().addAppender(log);
    }

    @AfterEach
    void stopLog() {
        logger().detachAppender(log);
    }

    private static Logger logger() {
        return (Logger) LoggerFactory.getLogger(ReportingSpanExporter.class);
    }

    private static Tracing tracing(int port) {
        return Tracing.create(
                new TracingSettings(URI.create("http://127.0.0.1:" + port), Secret.NONE, 1, true, "darkroom"),
                "1",
                "process");
    }

    private static void endSpans(Tracing tracing, int count) {
        for (int i = 0; i < count; i++) {
            tracing.startRequest(MultiMap.caseInsensitiveMultiMap(), "GET").end();
        }
    }

    private List<ILoggingEvent> warnings() {
        return List.copyOf(log.list);
    }

    @Test
    void refusedConnectionIsLoggedOnce() throws Exception {
        // given a port on which nothing listens
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        Tracing tracing = tracing(port);

        // when two exports fail
        endSpans(tracing, 1);
        Awaitility.await()
                .atMost(Duration.ofSeconds(60))
                .until(() -> !warnings().isEmpty());
        endSpans(tracing, 1);
        tracing.close();

        // then
        assertThat(warnings()).singleElement().satisfies(line -> {
            assertThat(line.getFormattedMessage()).isEqualTo("spans not exported");
            assertThat(line.getKeyValuePairs().toString()).contains("endpoint=\"http://127.0.0.1:" + port + "\"");
        });
    }

    @Test
    void hangingReceiverNeitherBlocksNorDelaysTheStop() throws Exception {
        // given a receiver that accepts connections and never responds
        try (ServerSocket hanging = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Tracing tracing = tracing(hanging.getLocalPort());

            // when far more spans end than the queue holds
            endSpans(tracing, 100_000);
            long startedAt = System.nanoTime();
            tracing.close();

            // then the spans were dropped, and the stop waited for its limit of five seconds at most
            assertThat(Duration.ofNanos(System.nanoTime() - startedAt)).isLessThan(Duration.ofSeconds(30));
        }
    }
}
