package dev.darkroom.e2e;

import static dev.darkroom.testing.DarkroomInstanceProcess.SHARED_BINARIES;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.SettingsLoader;
import dev.darkroom.database.DatabaseMigrator;
import dev.darkroom.database.embedded.EmbeddedDatabase;
import dev.darkroom.testing.DarkroomExtension;
import dev.darkroom.testing.DarkroomInstanceProcess;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.TestPostgres;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** The command {@code users erase}, as an operator runs it. */
@Timeout(300)
@Execution(ExecutionMode.CONCURRENT)
class UsersCommandIT {
    @RegisterExtension
    static final DarkroomExtension service = DarkroomExtension.shared();

    @TempDir
    Path directory;

    private DarkroomInstanceProcess run(DarkroomInstanceSettings settings, String... arguments) {
        return DarkroomInstanceProcess.launch(directory, settings.environment(), List.of(SHARED_BINARIES), arguments);
    }

    private static List<String> output(DarkroomInstanceProcess process) {
        List<String> output = new ArrayList<>(process.log());
        output.removeAll(process.errors());
        return output;
    }

    @Test
    void erasesUserWhileServerIsRunning() {
        // given
        DarkroomExtension.User mary = service.newUser("mary-of-the-command-line");
        String ended = mary.client().create("A lighthouse");
        mary.client().awaitEnd(ended);
        assertThat(TestPostgres.query(
                        service.database(), "SELECT id FROM generations WHERE user_id = '" + mary.name() + "'"))
                .containsExactly(ended);
        DarkroomInstanceSettings settings = DarkroomInstanceSettings.forTests()
                .database(service.database())
                .with(
                        "DARKROOM_IMAGE_DIR",
                        service.directory().resolve("data/images").toString());

        // when
        DarkroomInstanceProcess erase = run(settings, "users", "erase", mary.name());

        // then
        assertThat(erase.awaitExit()).as("%s", erase.log()).isZero();
        assertThat(output(erase)).containsExactly("Erased " + mary.name() + ".");
        assertThat(erase.errors())
                .singleElement()
                .asString()
                .contains("audit: user erasure requested", "admin=command line", "user=" + mary.name());
        assertThat(TestPostgres.query(
                        service.database(), "SELECT id FROM generations WHERE user_id = '" + mary.name() + "'"))
                .isEmpty();
        await("the rejection of the key")
                .atMost(Duration.ofSeconds(60))
                .until(() -> mary.client().get("/api/generation/" + ended).status() == 401);
    }

    @Test
    void erasesUserWhileServerIsStopped() {
        // given
        DarkroomInstanceSettings settings = DarkroomInstanceSettings.forTests();
        Path data = directory.resolve("data");
        try (EmbeddedDatabase database = EmbeddedDatabase.start(data, TestPostgres.BINARIES)) {
            DatabaseUrl url = database.url();
            DatabaseMigrator.migrate(
                    url,
                    SettingsLoader.load(settings.environment(), directory)
                            .settings()
                            .database());
            for (String user : List.of("mary", "bob")) {
                TestPostgres.execute(
                        url,
                        "INSERT INTO generations (id, user_id, prompt, width, height, image_count, seed) VALUES"
                                + " (gen_random_uuid(), '" + user + "', 'a lighthouse', 64, 64, 1, 7)");
            }
        }

        // when
        DarkroomInstanceProcess erase = run(settings, "users", "erase", "mary");

        // then
        assertThat(erase.awaitExit()).as("%s", erase.log()).isZero();
        assertThat(output(erase)).containsExactly("Erased mary.");
        assertThat(EmbeddedDatabase.findRunning(data)).isEmpty();
        try (EmbeddedDatabase database = EmbeddedDatabase.start(data, TestPostgres.BINARIES)) {
            assertThat(TestPostgres.query(database.url(), "SELECT user_id FROM generations"))
                    .containsExactly("bob");
            assertThat(TestPostgres.query(database.url(), "SELECT user_id FROM user_erasures"))
                    .isEmpty();
        }
    }

    @Test
    void exitsWith2AfterInvalidArguments() {
        DarkroomInstanceProcess erase = run(DarkroomInstanceSettings.forTests(), "users", "erase", "mary", "bob");
        assertThat(erase.awaitExit()).isEqualTo(2);
        assertThat(erase.log()).containsExactly("darkroom: unknown argument \"bob\"");
    }
}
