package dev.darkroom.e2e;

import static dev.darkroom.testing.DarkroomInstanceProcess.SHARED_BINARIES;
import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.database.embedded.EmbeddedDatabase;
import dev.darkroom.testing.DarkroomInstance;
import dev.darkroom.testing.DarkroomInstanceProcess;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.InProcessDarkroom;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The {@code doctor} and {@code explain} commands, with and without a running server. */
@Timeout(300)
class DoctorCommandIT {
    private static final String PROMPT = "A confidential lighthouse";

    @TempDir
    Path directory;

    private final DarkroomInstanceSettings settings = DarkroomInstanceSettings.forTests();

    private DarkroomInstanceProcess run(String... arguments) {
        return run(settings.environment(), arguments);
    }

    private DarkroomInstanceProcess run(Map<String, String> environment, String... arguments) {
        return DarkroomInstanceProcess.launch(directory, environment, List.of(SHARED_BINARIES), arguments);
    }

    private DarkroomInstanceProcess startServer() {
        return DarkroomInstanceProcess.start(directory, settings.environment(), SHARED_BINARIES);
    }

    private static String complete(DarkroomInstance darkroomInstance) {
        JsonObject ended = darkroomInstance
                .client()
                .awaitEnd(darkroomInstance
                        .client()
                        .create(new JsonObject().put("prompt", PROMPT))
                        .getString("id"));
        assertThat(ended.getString("status")).isEqualTo("COMPLETE");
        return ended.getString("id");
    }

    private static void assertClean(DarkroomInstanceProcess doctor) {
        assertThat(doctor.awaitExit()).isZero();
        assertThat(doctor.errors()).isEmpty();
        assertThat(doctor.log()).last().isEqualTo("All checks passed.");
    }

    @Test
    void checksEmbeddedDatabaseWithAndWithoutRunningServer() throws IOException {
        // given
        String id;
        try (DarkroomInstanceProcess darkroom = startServer()) {
            id = complete(darkroom);

            // then
            assertClean(run("doctor", "--deep"));
            assertExplains(run("explain", id), id);
            assertThat(darkroom.stop()).isZero();
        }

        // then
        assertClean(run("doctor"));
        assertThat(EmbeddedDatabase.findRunning(directory.resolve("data"))).isEmpty();

        // when
        try (var images = Files.walk(directory.resolve("data/images"))) {
            Files.delete(images.filter(file -> file.toString().endsWith(".png"))
                    .findFirst()
                    .orElseThrow());
        }

        // then
        DarkroomInstanceProcess doctor = run("doctor", "--json");
        assertThat(doctor.awaitExit()).isEqualTo(1);
        JsonObject report = new JsonObject(String.join("\n", doctor.log()));
        assertThat(report.getBoolean("consistent")).isFalse();
        assertThat(report.encode()).contains("\"generation\":\"" + id + "\"", ": file missing");
    }

    @Test
    void checksExternalDatabase() {
        // given
        DatabaseUrl database = TestPostgres.migratedDatabase();
        settings.database(database);
        try (DarkroomInstance darkroomInstance = InProcessDarkroom.start(directory, settings)) {
            String id = complete(darkroomInstance);

            // then
            assertClean(run("doctor", "--deep", "--timeout", "30"));
            assertExplains(run("explain", id), id);
            assertThat(get(darkroomInstance.management() + "/database").getBoolean("longTransactionWarning"))
                    .isFalse();

            // when
            TestPostgres.execute(database, "UPDATE generations SET failed_attempts = 3");

            // then
            DarkroomInstanceProcess doctor = run("doctor");
            assertThat(doctor.awaitExit()).isEqualTo(1);
            assertThat(doctor.log())
                    .anyMatch(
                            line -> line.endsWith("generation " + id + " counts 3 failed attempts and has 0 recorded"))
                    .noneMatch(line -> line.contains(database.password().value()));
            assertThat(doctor.errors()).isEmpty();
        }
    }

    private static void assertExplains(DarkroomInstanceProcess explain, String id) {
        assertThat(explain.awaitExit()).isZero();
        assertThat(explain.log())
                .contains("Generation " + id + " of user local: COMPLETE")
                .noneMatch(line -> line.contains(PROMPT));
        assertThat(explain.errors()).isEmpty();
    }

    @Test
    void reportsMissingDatabaseInOneLine() {
        DarkroomInstanceProcess doctor = run("doctor");
        assertThat(doctor.awaitExit()).isEqualTo(2);
        assertThat(doctor.errors())
                .singleElement()
                .asString()
                .startsWith("darkroom: there is no database in data directory");
        assertThat(doctor.log()).isEqualTo(doctor.errors());
        assertThat(directory.resolve("data")).doesNotExist();
    }

    private static JsonObject get(String url) {
        try {
            return new JsonObject(HttpClient.newHttpClient()
                    .send(HttpRequest.newBuilder(URI.create(url)).build(), HttpResponse.BodyHandlers.ofString())
                    .body());
        } catch (IOException e) {
            throw new IllegalStateException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
