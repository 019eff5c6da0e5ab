package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.testing.DarkroomInstanceProcess;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.DatabaseInvariants;
import dev.darkroom.testing.TestPostgres;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The command {@code serve} and the class data archive that is built with the jar. */
@Timeout(300)
class ServeCommandIT {
    @TempDir
    Path directory;

    @Test
    void migratesDatabaseAndStopsWhenReady() {
        // given a database without tables
        DatabaseUrl database = TestPostgres.newDatabase();
        Map<String, String> environment =
                DarkroomInstanceSettings.forTests().database(database).environment();

        // when
        try (DarkroomInstanceProcess process =
                DarkroomInstanceProcess.launch(directory, environment, List.of(), "serve", "--stop-when-ready")) {

            // then
            assertThat(process.awaitExit()).as(() -> process.log().toString()).isZero();
            List<String> banner = process.log().stream()
                    .dropWhile(line -> !line.matches("Darkroom .* is ready\\..*"))
                    .toList();
            assertThat(banner.get(0)).matches("Darkroom .* is ready\\. Open http://127\\.0\\.0\\.1:[0-9]+/");
            DatabaseInvariants.assertNoViolations(database, directory.resolve("data/images"));
        }
    }

    @Test
    void takesNoWorkWhenItStopsWhenReady() {
        // given a waiting generation, and a process that may work and uses the same ports
        DatabaseUrl database = TestPostgres.newDatabase();
        DarkroomInstanceSettings settings = DarkroomInstanceSettings.forTests().database(database);
        try (DarkroomInstanceProcess running = DarkroomInstanceProcess.start(
                directory, settings.with("DARKROOM_NODE_ROLES", "api, notifier").environment())) {
            running.client().create("A lighthouse at dusk");
            Map<String, String> environment = settings.with(
                            "DARKROOM_HTTP_PORT", String.valueOf(running.api().getPort()))
                    .environment();

            // when
            try (DarkroomInstanceProcess process =
                    DarkroomInstanceProcess.launch(directory, environment, List.of(), "serve", "--stop-when-ready")) {
                assertThat(process.awaitExit())
                        .as(() -> process.log().toString())
                        .isZero();
            }

            // then
            assertThat(TestPostgres.query(
                            database, "SELECT lease_token FROM generation_queue WHERE lease_owner IS NULL"))
                    .containsExactly("0");
        }
    }

    @Test
    void archiveBelongsToJar() {
        // given an option that ends the JVM when the archive is missing, or was built from another jar or by another
        // JVM
        List<String> requireArchive = List.of("-Xshare:on");

        // when
        try (DarkroomInstanceProcess process =
                DarkroomInstanceProcess.launch(directory, Map.of(), requireArchive, "--version")) {

            // then
            assertThat(process.awaitExit()).as(() -> process.log().toString()).isZero();
        }
    }
}
