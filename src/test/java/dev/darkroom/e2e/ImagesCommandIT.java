package dev.darkroom.e2e;

import static dev.darkroom.testing.DarkroomInstanceProcess.SHARED_BINARIES;
import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.testing.DarkroomInstance;
import dev.darkroom.testing.DarkroomInstanceProcess;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.DatabaseInvariants;
import dev.darkroom.testing.InProcessDarkroom;
import dev.darkroom.testing.TestPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** The command {@code images copy}, as an operator runs it. */
@Timeout(300)
@Execution(ExecutionMode.CONCURRENT)
class ImagesCommandIT {
    @TempDir
    Path directory;

    private final DatabaseUrl database = TestPostgres.newDatabase();

    private DarkroomInstanceSettings settings(String images) {
        return DarkroomInstanceSettings.forTests()
                .database(database)
                .with("DARKROOM_IMAGE_DIR", directory.resolve(images).toString());
    }

    private DarkroomInstanceProcess run(String... arguments) {
        return DarkroomInstanceProcess.launch(
                directory, settings("old").environment(), List.of(SHARED_BINARIES), arguments);
    }

    private static String output(DarkroomInstanceProcess process) {
        List<String> output = new ArrayList<>(process.log());
        output.removeAll(process.errors());
        return String.join("\n", output);
    }

    private static void complete(DarkroomInstance darkroom) {
        assertThat(darkroom.client()
                        .awaitEnd(darkroom.client().create("A lighthouse"))
                        .getString("status"))
                .isEqualTo("COMPLETE");
    }

    @Test
    void movesARunningServiceToAnotherDirectory() throws IOException {
        // given
        Files.writeString(directory.resolve("new.yaml"), "imageDir: " + directory.resolve("new"));
        try (DarkroomInstance darkroom = InProcessDarkroom.start(directory, settings("old"))) {
            complete(darkroom);
            complete(darkroom);

            // when
            DarkroomInstanceProcess copy =
                    run("images", "copy", "--to", directory.resolve("new.yaml").toString());

            // then
            assertThat(copy.awaitExit()).as("%s", copy.log()).isZero();
            assertThat(output(copy)).startsWith("2 images copied (").endsWith(", 0 already there, 0 not copied");
            assertThat(copy.errors()).last().asString().startsWith("Copying images from ");
        }
        try (DarkroomInstance moved = InProcessDarkroom.start(directory, settings("new"))) {
            complete(moved);
        }
        DatabaseInvariants.assertNoViolations(database, directory.resolve("new"));

        // when an image of the new store was copied back
        DarkroomInstanceProcess back =
                run("images", "copy", "--from", directory.resolve("new").toString(), "--verify");

        // then
        assertThat(back.awaitExit()).as("%s", back.log()).isZero();
        assertThat(output(back)).startsWith("1 images copied (").endsWith(", 2 already there, 0 not copied");

        // when a file of both stores is lost
        String key = TestPostgres.query(database, "SELECT storage_key FROM images ORDER BY id LIMIT 1")
                .get(0);
        Files.delete(directory.resolve("old").resolve(key));
        Files.delete(directory.resolve("new").resolve(key));

        // then
        DarkroomInstanceProcess incomplete =
                run("images", "copy", "--to", directory.resolve("new").toString());
        assertThat(incomplete.awaitExit()).isEqualTo(1);
        assertThat(incomplete.errors()).last().isEqualTo(key + ": missing in both stores");
    }

    @Test
    void rejectsStoresOfOtherDatabases() throws IOException {
        // given
        try (DarkroomInstance darkroom = InProcessDarkroom.start(directory, settings("old"))) {
            complete(darkroom);
        }
        Files.createDirectories(directory.resolve("other"));
        Files.writeString(directory.resolve("other/.darkroom"), "0199b1d0-0000-7000-8000-000000000001\n");
        Files.createDirectories(directory.resolve("unmarked"));

        // then
        assertFails("belongs to another database", "--to", "other");
        assertFails("belongs to another database", "--from", "other");
        assertFails("has no file .darkroom", "--from", "unmarked");
        assertFails("got the same one twice", "--to", "old");
        assertThat(directory.resolve("unmarked")).isEmptyDirectory();
    }

    private void assertFails(String reason, String option, String location) {
        DarkroomInstanceProcess copy =
                run("images", "copy", option, directory.resolve(location).toString());
        assertThat(copy.awaitExit()).isEqualTo(2);
        assertThat(copy.errors()).last().asString().startsWith("darkroom: ").contains(reason);
    }
}
