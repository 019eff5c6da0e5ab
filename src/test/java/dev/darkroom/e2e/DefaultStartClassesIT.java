package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.DarkroomInstanceProcess;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.TestPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Classes that a start with the default image store loads. */
class DefaultStartClassesIT {
    @TempDir
    Path directory;

    @Test
    void loadsNoClassesOfTheS3Client() throws IOException {
        // given
        Path log = directory.resolve("classes.log");

        // when
        try (DarkroomInstanceProcess service = DarkroomInstanceProcess.start(
                directory,
                DarkroomInstanceSettings.forTests()
                        .database(TestPostgres.newDatabase())
                        .environment(),
                "-Xlog:class+load:file=" + log)) {
            service.client().awaitEnd(service.client().create("a lighthouse"));
            service.stop();
        }

        // then
        assertThat(Files.readAllLines(log))
                .anyMatch(line -> line.contains("dev.darkroom.image.local.LocalImageStore "))
                .noneMatch(line -> line.contains("software.amazon") || line.contains("dev.darkroom.image.s3"));
    }
}
