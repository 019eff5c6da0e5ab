package dev.darkroom.e2e;

import static dev.darkroom.testing.DarkroomProcess.SHARED_BINARIES;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.database.EmbeddedDatabase;
import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.DarkroomProcess;
import dev.darkroom.testing.DarkroomSettings;
import dev.darkroom.testing.Invariants;
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

/** The jar with a database of its own, through restarts and crashes. */
@Timeout(300)
class EmbeddedDatabaseIT {
    private static final Map<String, String> QUICK = DarkroomSettings.quick().environment();

    /** Shared, so that the tables are made once: every test takes it as the one before has left it. */
    @TempDir
    static Path directory;

    @Test
    void startsInAnEmptyDirectoryWithNothingConfiguredButPorts(@TempDir Path empty) throws Exception {
        // given
        Map<String, String> ports =
                Map.of("DARKROOM_HTTP_PORT", "0", "DARKROOM_MANAGEMENT_PORT", "0", "DARKROOM_SIMULATOR_PORT", "0");

        try (DarkroomProcess darkroom = DarkroomProcess.start(empty, ports)) {
            // when
            JsonObject ended = complete(darkroom.client());

            // then
            BufferedImage picture = ImageIO.read(new ByteArrayInputStream(picture(darkroom, ended)));
            assertThat(picture.getWidth()).isEqualTo(512);
            assertThat(darkroom.log())
                    .anyMatch(line -> line.contains("Database   embedded, in " + empty.resolve("data")))
                    .anyMatch(line -> line.contains("AI server  ") && line.endsWith("(the bundled simulator)"))
                    .anyMatch(line -> line.contains("curl -i " + darkroom.api() + "/api/generation"));
            DatabaseUrl database =
                    EmbeddedDatabase.running(empty.resolve("data")).orElseThrow();
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

    @Test
    void whatWasMadeIsThereAfterARestart() {
        // given
        JsonObject made;
        byte[] picture;
        try (DarkroomProcess first = start()) {
            made = complete(first.client());
            picture = picture(first, made);
            assertThat(first.stop()).isZero();
        }
        assertThat(EmbeddedDatabase.running(data())).isEmpty();

        // when
        try (DarkroomProcess second = start()) {
            // then
            assertSameButForItsUrls(second, made, picture);
        }
    }

    @Test
    void whatWasMadeIsThereAfterAKillAndTheOrphanedServerIsReplaced() throws IOException {
        // given
        JsonObject made;
        byte[] picture;
        try (DarkroomProcess first = start()) {
            made = complete(first.client());
            picture = picture(first, made);
            first.kill();
        }
        DatabaseUrl orphan = joined();
        assertThat(TestPostgres.query(orphan, "SELECT id FROM generations"))
                .as("the server that was left behind")
                .contains(made.getString("id"));

        // when
        try (DarkroomProcess second = start()) {
            // then
            assertThatThrownBy(() -> TestPostgres.query(orphan, "SELECT 1"))
                    .as("the server that was left behind")
                    .isInstanceOf(IllegalStateException.class);
            assertSameButForItsUrls(second, made, picture);
            complete(second.client());
            Invariants.check(joined(), data().resolve("images"));
        }
    }

    @Test
    void aServerThatDiedWithTheServiceLeavesAStaleLockThatIsNoObstacle() throws Exception {
        // given
        JsonObject made;
        byte[] picture;
        try (DarkroomProcess first = start()) {
            made = complete(first.client());
            picture = picture(first, made);
            ProcessHandle server = ProcessHandle.of(postmaster()).orElseThrow();
            first.kill();
            server.destroyForcibly();
            server.onExit().get();
        }
        assertThat(data().resolve("postgres/cluster/postmaster.pid")).exists();

        // when
        try (DarkroomProcess second = start()) {
            // then
            assertSameButForItsUrls(second, made, picture);
        }
    }

    @Test
    void aSecondStartOnTheSameDirectoryIsRefusedAndTheFirstGoesOn() {
        try (DarkroomProcess first = start()) {
            // when
            DarkroomProcess second = DarkroomProcess.launch(directory, QUICK, List.of(SHARED_BINARIES));
            int exitCode = second.awaitExit();

            // then
            assertThat(exitCode).isEqualTo(1);
            assertThat(second.errors())
                    .containsExactly("darkroom: data directory " + data() + " is in use by another Darkroom; give this"
                            + " one its own DARKROOM_DATA_DIR, or DARKROOM_DATABASE_URL to share the database");
            complete(first.client());
            assertThat(EmbeddedDatabase.running(data())).isPresent();
        }
    }

    private static DarkroomProcess start() {
        return DarkroomProcess.start(directory, QUICK, SHARED_BINARIES);
    }

    private static JsonObject complete(ApiClient client) {
        JsonObject ended = client.awaitEnd(client.create("A lighthouse at dusk"));
        assertThat(ended.getString("status")).isEqualTo("COMPLETE");
        return ended;
    }

    private static byte[] picture(DarkroomProcess darkroom, JsonObject generation) {
        URI url = URI.create(generation.getJsonArray("imageUrls").getString(0));
        ApiClient.Answer answer = darkroom.client().get(url.getPath());
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.header("Content-Type")).isEqualTo("image/png");
        return answer.body();
    }

    /** The port is another after a restart, and with it the URLs of the pictures. */
    private static void assertSameButForItsUrls(DarkroomProcess darkroom, JsonObject made, byte[] picture) {
        JsonObject found = darkroom.client().generation(made.getString("id"));
        assertThat(picture(darkroom, found)).isEqualTo(picture);
        assertThat(withoutUrls(found)).isEqualTo(withoutUrls(made));
    }

    private static JsonObject withoutUrls(JsonObject generation) {
        JsonObject copy = generation.copy();
        copy.remove("imageUrls");
        copy.getJsonArray("images").forEach(image -> ((JsonObject) image).remove("url"));
        return copy;
    }

    private static Path data() {
        return directory.resolve("data");
    }

    private static DatabaseUrl joined() {
        return EmbeddedDatabase.running(data()).orElseThrow();
    }

    private static long postmaster() throws IOException {
        return Long.parseLong(Files.readAllLines(data().resolve("postgres/cluster/postmaster.pid"))
                .get(0));
    }

    private static String permissions(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }
}
