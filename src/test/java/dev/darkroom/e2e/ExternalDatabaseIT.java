package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.testing.DarkroomFleet;
import dev.darkroom.testing.DarkroomInstanceProcess;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.DatabaseInvariants;
import dev.darkroom.testing.TcpProxy;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The jar with an external PostgreSQL server. */
@Timeout(300)
class ExternalDatabaseIT {
    @TempDir
    Path directory;

    @Test
    void usesExternalDatabaseAndStartsNoEmbeddedOne() {
        // given
        DatabaseUrl database = TestPostgres.newDatabase();
        Map<String, String> environment =
                DarkroomInstanceSettings.forTests().database(database).environment();
        try (DarkroomInstanceProcess darkroom = DarkroomInstanceProcess.start(directory, environment)) {
            // when
            JsonObject ended = darkroom.client()
                    .awaitEnd(darkroom.client()
                            .create(new JsonObject().put("prompt", "A pier").put("count", 2))
                            .getString("id"));

            // then
            assertThat(ended.getString("status")).isEqualTo("COMPLETE");
            assertThat(TestPostgres.query(database, "SELECT id || ' ' || status FROM generations"))
                    .isEqualTo(List.of(ended.getString("id") + " COMPLETE"));
            assertThat(directory.resolve("data/images")).isNotEmptyDirectory();
            assertThat(directory.resolve("data/postgres")).doesNotExist();
            assertThat(darkroom.log())
                    .contains("  Database   " + database.host() + ":" + database.port())
                    .noneMatch(line -> line.contains(database.password().value()));
            DatabaseInvariants.assertNoViolations(database, directory.resolve("data/images"));

            // and
            assertThat(darkroom.stop()).isZero();
            assertThat(TestPostgres.query(database, "SELECT count(*) FROM generations"))
                    .as("the server is still running")
                    .containsExactly("1");
        }
    }

    @Test
    void startsBeforeDatabase() {
        // given
        DatabaseUrl database = TestPostgres.newDatabase();
        try (TcpProxy proxy = new TcpProxy(database.host(), database.port())) {
            proxy.refuseConnections();
            Map<String, String> environment = DarkroomInstanceSettings.forTests()
                    .database(DarkroomFleet.throughProxy(proxy, database))
                    .defaultDatabaseConnectTimeout()
                    .environment();

            // when the database starts after the process
            try (DarkroomInstanceProcess darkroom = DarkroomInstanceProcess.launch(directory, environment, List.of())) {
                darkroom.awaitLine("database not available, retry scheduled reason=.*refused");
                proxy.acceptConnections();

                // then
                darkroom.awaitReady();
            }
        }
    }
}
