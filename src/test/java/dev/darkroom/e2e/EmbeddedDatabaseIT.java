package dev.darkroom.e2e;

import static dev.darkroom.testing.DarkroomInstanceProcess.SHARED_BINARIES;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.database.embedded.EmbeddedDatabase;
import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.DarkroomInstanceProcess;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.DatabaseInvariants;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.json.JsonObject;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** The jar with its embedded database, through restarts and crashes. */
@Timeout(300)
@Execution(ExecutionMode.CONCURRENT)
class EmbeddedDatabaseIT {
    private static final Map<String, String> ENVIRONMENT =
            DarkroomInstanceSettings.forTests().environment();

    @TempDir
    Path directory;

    @Test
    void startsInEmptyDirectoryWithDefaults(@TempDir Path empty) throws Exception {
        // given
        Map<String, String> ports =
                Map.of("DARKROOM_HTTP_PORT", "0", "DARKROOM_MANAGEMENT_PORT", "0", "DARKROOM_SIMULATOR_PORT", "0");

        try (DarkroomInstanceProcess darkroom = DarkroomInstanceProcess.start(empty, ports)) {
            // when
            JsonObject ended = complete(darkroom.client());

            // then
            BufferedImage image = ImageIO.read(new ByteArrayInputStream(downloadImage(darkroom, ended)));
            assertThat(image.getWidth()).isEqualTo(512);
            assertThat(darkroom.log())
                    .anyMatch(line -> line.contains("Database   embedded, in " + empty.resolve("data")))
                    .anyMatch(line -> line.contains("AI server  ") && line.endsWith("(the bundled simulator)"))
                    .anyMatch(line -> line.contains("curl -i " + darkroom.api() + "/api/generation"));
            DatabaseUrl database =
                    EmbeddedDatabase.findRunning(empty.resolve("data")).orElseThrow();
            for (String setting : List.of("fsync", "synchronous_commit", "full_page_writes")) {
                assertThat(TestPostgres.query(database, "SHOW " + setting))
                        .as(setting)
                        .containsExactly("on");
            }
            assertThat(permissions(empty.resolve("data/postgres/connection.properties")))
                    .isEqualTo("rw-------");
            assertThat(permissions(empty.resolve("data/postgres"))).isEqualTo("rwx------");
            assertThat(darkroom.errors()).isEmpty();
        }
    }

    /** Runs one data directory through use, stop, kill, and a start after each. */
    @Test
    void dataSurvivesStopAndKill() {
        // given
        JsonObject created;
        byte[] image;
        try (DarkroomInstanceProcess first = start()) {
            created = complete(first.client());
            image = downloadImage(first, created);

            // when
            DarkroomInstanceProcess other =
                    DarkroomInstanceProcess.launch(directory, ENVIRONMENT, List.of(SHARED_BINARIES));

            // then
            assertThat(other.awaitExit()).isEqualTo(1);
            assertThat(other.errors())
                    .containsExactly(
                            "darkroom: data directory " + dataDirectory() + " is in use by another Darkroom; give this"
                                    + " one its own DARKROOM_DATA_DIR, or DARKROOM_DATABASE_URL to share the database");
            assertSameExceptUrls(first, created, image);
            assertThat(EmbeddedDatabase.findRunning(dataDirectory())).isPresent();

            // when
            assertThat(first.stop()).isZero();
        }
        assertThat(EmbeddedDatabase.findRunning(dataDirectory())).isEmpty();
        try (DarkroomInstanceProcess second = start()) {
            // then
            assertSameExceptUrls(second, created, image);

            // when
            second.kill();
        }
        DatabaseUrl orphan = runningDatabase();
        assertThat(TestPostgres.query(orphan, "SELECT id FROM generations"))
                .as("the PostgreSQL server of the killed process")
                .contains(created.getString("id"));
        try (DarkroomInstanceProcess third = start()) {
            // then
            assertThatThrownBy(() -> TestPostgres.query(orphan, "SELECT 1"))
                    .as("the PostgreSQL server of the killed process")
                    .isInstanceOf(IllegalStateException.class);
            assertSameExceptUrls(third, created, image);
            complete(third.client());
            DatabaseInvariants.assertNoViolations(
                    runningDatabase(), dataDirectory().resolve("images"));
        }
    }

    private DarkroomInstanceProcess start() {
        return DarkroomInstanceProcess.start(directory, ENVIRONMENT, SHARED_BINARIES);
    }

    private static JsonObject complete(ApiClient client) {
        JsonObject ended = client.awaitEnd(client.create("A lighthouse at dusk"));
        assertThat(ended.getString("status")).isEqualTo("COMPLETE");
        return ended;
    }

    private static byte[] downloadImage(DarkroomInstanceProcess darkroom, JsonObject generation) {
        URI url = URI.create(generation.getJsonArray("imageUrls").getString(0));
        ApiClient.ApiResponse apiResponse = darkroom.client().get(url.getPath());
        assertThat(apiResponse.status()).isEqualTo(200);
        assertThat(apiResponse.header("Content-Type")).isEqualTo("image/png");
        return apiResponse.body();
    }

    /** Compares everything except URLs, because the port changes with a restart. */
    private static void assertSameExceptUrls(DarkroomInstanceProcess darkroom, JsonObject created, byte[] image) {
        JsonObject found = darkroom.client().generation(created.getString("id"));
        assertThat(downloadImage(darkroom, found)).isEqualTo(image);
        assertThat(withoutUrls(found)).isEqualTo(withoutUrls(created));
    }

    private static JsonObject withoutUrls(JsonObject generation) {
        JsonObject copy = generation.copy();
        copy.remove("imageUrls");
        copy.getJsonArray("images").forEach(entry -> ((JsonObject) entry).remove("url"));
        return copy;
    }

    private Path dataDirectory() {
        return directory.resolve("data");
    }

    private DatabaseUrl runningDatabase() {
        return EmbeddedDatabase.findRunning(dataDirectory()).orElseThrow();
    }

    private static String permissions(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }
}
