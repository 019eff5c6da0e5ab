package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.DarkroomInstanceProcess;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.FreePort;
import dev.darkroom.testing.TestPostgres;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Checks that {@code docs/event-bus.md} shows the example program and that the program works as described. */
@Timeout(300)
class EventBusExampleIT {
    private static final Path EXAMPLE = Path.of("src/examples/EventBusClient.java");

    @TempDir
    Path directory;

    @Test
    void documentShowsWholeProgram() throws IOException {
        assertThat(document()).contains("```java\n" + Files.readString(EXAMPLE) + "```\n");
    }

    @Test
    void documentedCommandCreatesGenerationAndWaitsForEnd() throws Exception {
        // given
        int port = FreePort.find();
        try (DarkroomInstanceProcess service = DarkroomInstanceProcess.start(
                directory,
                DarkroomInstanceSettings.forTests()
                        .database(TestPostgres.migratedDatabase())
                        .with("DARKROOM_CLUSTER_ENABLED", "true")
                        .with("DARKROOM_CLUSTER_PORT", String.valueOf(port))
                        .with("DARKROOM_CLUSTER_BUS_PORT", "0")
                        .environment())) {
            // when run as documented, except for the ports, the paths of the JDK and the jar, and a cheaper JVM
            String command = document()
                    .lines()
                    .filter(line -> line.startsWith("java -cp target/darkroom.jar " + EXAMPLE))
                    .findFirst()
                    .orElseThrow()
                    .replace("target/darkroom.jar", System.getProperty("darkroom.jar"))
                    .replaceFirst(
                            "java",
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    + " -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Dport="
                                    + FreePort.find() + " -Dmembers=127.0.0.1:" + port);
            Path output = directory.resolve("output");
            Process example = new ProcessBuilder("sh", "-c", command)
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start();

            // then
            assertThat(example.waitFor(90, TimeUnit.SECONDS)).isTrue();
            String printed = Files.readString(output, StandardCharsets.UTF_8);
            assertThat(printed).contains("created ", "\"status\" : \"COMPLETE\"", "A lighthouse at dusk");
            assertThat(example.exitValue()).as(printed).isZero();
            assertThat(service.log()).anyMatch(line -> line.contains("generation accepted"));
        }
    }

    private static String document() throws IOException {
        return Files.readString(Path.of("docs/event-bus.md"));
    }
}
