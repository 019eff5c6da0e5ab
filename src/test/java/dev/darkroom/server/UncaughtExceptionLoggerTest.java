package dev.darkroom.server;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.vertx.core.Vertx;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class UncaughtExceptionLoggerTest {
    private final Logger logger = (Logger) LoggerFactory.getLogger(UncaughtExceptionLogger.class);
    private final ListAppender<ILoggingEvent> log = new ListAppender<>();

    @BeforeEach
    void attachAppender() {
        log.start();
        logger.addAppender(log);
    }

    @AfterEach
    void detachAppender() {
        logger.detachAppender(log);
    }

    @Test
    void logsExceptionOfEventLoopAsError() throws Exception {
        // given
        Vertx vertx = Vertx.vertx();
        vertx.exceptionHandler(new UncaughtExceptionLogger());
        try {
            // when
            vertx.runOnContext(now -> {
                throw new IllegalStateException("a mistake");
            });

            // then
            Awaitility.await().atMost(60, TimeUnit.SECONDS).until(() -> !log.list.isEmpty());
            assertThat(log.list).singleElement().satisfies(line -> {
                assertThat(line.getLevel()).isEqualTo(Level.ERROR);
                assertThat(line.getThrowableProxy().getMessage()).isEqualTo("a mistake");
            });
        } finally {
            vertx.close().await(60, TimeUnit.SECONDS);
        }
    }

    @Test
    void ignoresLateConnectionTimer() {
        // given
        IllegalStateException late = new IllegalStateException("Promise already completed");
        late.setStackTrace(Stream.of(
                        "io.vertx.sqlclient.impl.pool.SqlConnectionPool$1PoolRequest",
                        "io.vertx.core.internal.pool.SimpleConnectionPool$Cancel")
                .map(type -> new StackTraceElement(type, "run", null, -1))
                .toArray(StackTraceElement[]::new));

        // when
        new UncaughtExceptionLogger().handle(late);

        // then
        assertThat(log.list).noneMatch(line -> line.getLevel().isGreaterOrEqual(Level.INFO));
    }
}
