package dev.darkroom.database;

import static dev.darkroom.database.DatabaseFixture.await;
import static dev.darkroom.database.DatabaseFixture.failureOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.DatabaseUrl.SslMode;
import dev.darkroom.config.DatabaseUrl.Tls;
import dev.darkroom.database.embedded.StoppableEmbeddedPostgres;
import dev.darkroom.testing.StoppablePostgres;
import dev.darkroom.testing.TestCertificates;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** TLS connections of the pools, the NOTIFY channel and JDBC to a PostgreSQL server. */
@Tag("database")
@Timeout(240)
class DatabaseTlsTest {
    private static final String TRUSTED = "trusted";
    private static final String OTHER = "other";
    private static final Vertx VERTX = Vertx.vertx();

    @TempDir
    static Path directory;

    private static StoppableEmbeddedPostgres cluster;

    @BeforeAll
    static void startWithTls() throws IOException {
        TestCertificates.writeCertificate(directory.resolve(TRUSTED), TRUSTED, "RSA");
        TestCertificates.writeCertificate(directory.resolve(OTHER), OTHER, "RSA", "dns:db.example.org");
        cluster = StoppableEmbeddedPostgres.create(
                Files.createTempDirectory("darkroom-tls").resolve("data"));
        restartWithCertificate(TRUSTED);
    }

    @AfterAll
    static void stop() {
        cluster.close();
        await(VERTX.close());
    }

    /** Restarts the server with another certificate. */
    private static void restartWithCertificate(String name) throws IOException {
        Path key = directory.resolve(name).resolve("key.pem");
        Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-------"));
        cluster.stop(StoppablePostgres.Mode.FAST);
        cluster.restart(Map.of(
                "ssl", "on",
                "ssl_cert_file", directory.resolve(name).resolve("cert.pem").toString(),
                "ssl_key_file", key.toString()));
    }

    private static DatabaseUrl url(SslMode mode, String root) {
        return cluster.url()
                .withTls(new Tls(
                        mode, root == null ? null : directory.resolve(root).resolve("cert.pem")));
    }

    @ParameterizedTest(name = "{0}: encrypted {1}")
    @CsvSource({"DISABLE, false", "PREFER, true", "REQUIRE, true", "VERIFY_CA, true", "VERIFY_FULL, true"})
    void connects(SslMode mode, boolean encrypted) throws SQLException {
        assertConnects(url(mode, mode.verifies() ? TRUSTED : null), encrypted);
    }

    @Test
    @DisplayName("only verify-ca and verify-full reject a certificate of an unknown authority")
    void rejectsUnknownAuthority() throws SQLException {
        assertRejected(url(SslMode.VERIFY_CA, OTHER));
        assertRejected(url(SslMode.VERIFY_FULL, OTHER));
        // The trust store of the Java runtime does not contain the authority either.
        assertRejected(url(SslMode.VERIFY_CA, null));
        assertRejected(url(SslMode.VERIFY_FULL, null));
    }

    @Test
    @DisplayName(
            "only verify-full rejects a certificate for another host; every mode that requires TLS rejects a server without it")
    void rejectsWrongHostNameAndMissingTls() throws IOException, SQLException {
        try {
            // given
            restartWithCertificate(OTHER);

            // then
            assertConnects(url(SslMode.VERIFY_CA, OTHER), true);
            assertRejected(url(SslMode.VERIFY_FULL, OTHER));

            // given
            cluster.stop(StoppablePostgres.Mode.FAST);
            cluster.restart();

            // then
            assertConnects(url(SslMode.PREFER, null), false);
            assertRejected(url(SslMode.REQUIRE, null));
            assertRejected(url(SslMode.VERIFY_FULL, TRUSTED));
        } finally {
            restartWithCertificate(TRUSTED);
        }
    }

    @Test
    @DisplayName("the embedded server writes commits to disk, also with TLS")
    void enablesDurableCommits() throws SQLException {
        try (Connection connection =
                JdbcConnectionFactory.connect(url(SslMode.VERIFY_FULL, TRUSTED), "test", Duration.ofSeconds(30))) {
            for (String setting : new String[] {"fsync", "synchronous_commit", "full_page_writes"}) {
                try (ResultSet row = connection.createStatement().executeQuery("SHOW " + setting)) {
                    row.next();
                    assertThat(row.getString(1)).as(setting).isEqualTo("on");
                }
            }
        }
    }

    private static void assertConnects(DatabaseUrl url, boolean encrypted) throws SQLException {
        String query = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
        Database database = Database.open(VERTX, url, TestDatabaseSettings.of(url));
        assertThat(await(database.client().query(query).execute())
                        .iterator()
                        .next()
                        .getBoolean(0))
                .isEqualTo(encrypted);
        assertThat(await(database.pool().query(query).execute())
                        .iterator()
                        .next()
                        .getBoolean(0))
                .isEqualTo(encrypted);
        await(database.heartbeats().query(query).execute());

        AtomicInteger calls = new AtomicInteger();
        NotifyChannel notifyChannel = NotifyChannel.open(VERTX, url, TestDatabaseSettings.of(url));
        notifyChannel.listen("work", key -> calls.incrementAndGet());
        Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> calls.get() > 0);
        assertThat(await(database.pool()
                                .query("SELECT bool_and(s.ssl) FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid)"
                                        + " WHERE a.application_name = 'darkroom notify'")
                                .execute())
                        .iterator()
                        .next()
                        .getBoolean(0))
                .isEqualTo(encrypted);
        await(notifyChannel.close());
        await(database.close());

        try (Connection connection = JdbcConnectionFactory.connect(url, "test", Duration.ofSeconds(30));
                ResultSet row = connection.createStatement().executeQuery(query)) {
            row.next();
            assertThat(row.getBoolean(1)).isEqualTo(encrypted);
        }
        DatabaseMigrator.migrate(url, TestDatabaseSettings.of(url));
    }

    private static void assertRejected(DatabaseUrl url) {
        Database database = Database.open(VERTX, url, TestDatabaseSettings.of(url));
        for (Throwable failure : new Throwable[] {
            failureOf(database.client().query("SELECT 1").execute()),
            failureOf(database.pool().query("SELECT 1").execute())
        }) {
            assertThat(DatabaseErrorClassifier.isUnavailable(failure))
                    .as("%s", failure)
                    .isTrue();
        }
        await(database.close());
        assertThatThrownBy(() -> JdbcConnectionFactory.connect(url, "test", Duration.ofSeconds(30)))
                .isInstanceOf(SQLException.class);
        assertThatThrownBy(() -> DatabaseMigrator.migrate(url, TestDatabaseSettings.of(url)))
                .isInstanceOf(DatabaseException.class)
                .hasMessageContaining("cannot be used");
    }
}
