package dev.darkroom.maintenance;

import static dev.darkroom.testing.TestPostgres.execute;
import static dev.darkroom.testing.TestPostgres.query;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.TestSettings;
import dev.darkroom.database.Database;
import dev.darkroom.database.DatabaseException;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.Vertx;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The versions that may use the tables. */
@Tag("database")
@Timeout(60)
class InstallationVersionTest {
    private final DatabaseUrl url = TestPostgres.migratedDatabase();
    private final Vertx vertx = Vertx.vertx();
    private final Database database = Database.open(vertx, url, TestSettings.DEFAULTS.database());

    @AfterEach
    void close() {
        database.close().compose(closed -> vertx.close()).await();
    }

    @ParameterizedTest
    @CsvSource({"0.1.0, 0.2.0", "0.9.9, 0.10.0", "1.0.0-SNAPSHOT, 1.0.1"})
    void rejectsOlderVersion(String version, String minimum) {
        // given
        execute(url, "SELECT require_version('" + minimum + "')");

        // then
        assertThatExceptionOfType(DatabaseException.class)
                .isThrownBy(() ->
                        InstallationStore.requireVersion(database, version).await())
                .withMessage(
                        "the tables of the database need Darkroom %s or newer, this is %s; the upgrade cannot be undone without a backup",
                        minimum, version);
    }

    @ParameterizedTest
    @CsvSource({"0.2.0, 0.2.0", "0.10.0, 0.9.0", "0.2.0-SNAPSHOT, 0.2.0", "development, 0.2.0"})
    void acceptsOtherVersions(String version, String minimum) {
        // given
        execute(url, "SELECT require_version('" + minimum + "')");

        // then
        assertThatCode(() -> InstallationStore.requireVersion(database, version).await())
                .doesNotThrowAnyException();
    }

    @Test
    void migrationFailsWhileOlderProcessRuns() {
        // given
        execute(url, node("0.1.0-SNAPSHOT", "1 minute"));

        // then
        assertThatThrownBy(() -> execute(url, "SELECT require_version('0.2.0')"))
                .hasMessageContaining(
                        "processes of version 0.1.0-SNAPSHOT are running; first upgrade all processes to version 0.2.0");
        assertThat(query(url, "SELECT minimum_version FROM installation")).containsExactly((String) null);
    }

    @Test
    void migrationIgnoresExpiredAndNewerProcesses() {
        // given
        execute(url, node("0.1.0", "-1 minute"), node("0.10.0", "1 minute"), node("development", "1 minute"));

        // when
        execute(url, "SELECT require_version('0.2.0')");

        // then
        assertThat(query(url, "SELECT minimum_version FROM installation")).containsExactly("0.2.0");
    }

    private static String node(String version, String lease) {
        return "INSERT INTO nodes (id, host, version, expires_at) VALUES (gen_random_uuid(), 'host', '" + version
                + "', now() + interval '" + lease + "')";
    }
}
