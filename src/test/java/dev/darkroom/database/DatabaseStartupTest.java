package dev.darkroom.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.Settings;
import dev.darkroom.config.TestSettings;
import dev.darkroom.testing.TcpProxy;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The wait for the first pooled connections of a process. */
@Tag("database")
@Timeout(120)
class DatabaseStartupTest {
    private final DatabaseUrl real = TestPostgres.newDatabase();
    private final TcpProxy proxy = new TcpProxy(real.host(), real.port());
    private final DatabaseUrl url =
            new DatabaseUrl("127.0.0.1", proxy.port(), real.database(), real.user(), real.password());
    private final Settings.Database settings =
            TestSettings.with(TestDatabaseSettings.of(url), "connectTimeout", Duration.ofMillis(300));
    private final Vertx vertx = Vertx.vertx();

    @AfterEach
    void close() {
        proxy.close();
        vertx.close().await();
    }

    @Test
    void waitsForServerSlowerThanConnectTimeout() {
        // given a server that does not respond within the connect timeout
        Database database = Database.open(vertx, url, settings);
        proxy.blackhole();
        AtomicInteger waits = new AtomicInteger();

        // when it responds after the second attempt
        DatabaseStartup startup = new DatabaseStartup(settings, delay -> {
            if (waits.incrementAndGet() == 2) {
                proxy.resumeForwarding();
            }
            LockSupport.parkNanos(Duration.ofMillis(10).toNanos());
            return false;
        });
        startup.awaitPools(database, url);

        // then
        assertThat(waits).hasValueGreaterThanOrEqualTo(2);
        assertThat(database.openSockets()).isGreaterThanOrEqualTo(3);
    }

    @Test
    void failsAfterStartTimeout() {
        // given
        Database database = Database.open(vertx, url, settings);
        proxy.refuseConnections();

        // then
        Settings.Database shortStart = TestDatabaseSettings.shortStart(url);
        assertThatExceptionOfType(DatabaseException.class)
                .isThrownBy(() -> DatabaseStartup.uninterrupted(shortStart).awaitPools(database, url))
                .withMessageStartingWith("the database " + url.describe() + " cannot be used: ")
                .withMessageContaining("refused");
    }
}
