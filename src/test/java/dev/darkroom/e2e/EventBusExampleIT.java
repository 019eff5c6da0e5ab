package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.DarkroomInstanceProcess;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.FreePort;
import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.TestPostgres;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Checks that {@code docs/event-bus.md} shows the example service, and that the service works as described: in a cluster of two processes
 * with different roles.
 */
@Timeout(600)
class EventBusExampleIT {
    private static final Path PROJECT = Path.of("src/examples/event-bus");
    private static final Path SOURCE = PROJECT.resolve("src/main/java/ImageClient.java");

    @TempDir
    static Path directory;

    private static final int CLUSTER_PORT = FreePort.find();
    private static InProcessSimulator aiServer;
    private static DarkroomInstanceProcess api;
    private static DarkroomInstanceProcess worker;

    @BeforeAll
    static void start() {
        aiServer = new InProcessSimulator(Duration.ofMillis(10));
        DarkroomInstanceSettings settings = DarkroomInstanceSettings.forTests()
                .smallProcess()
                .database(TestPostgres.migratedDatabase())
                .aiServer(aiServer)
                .with("DARKROOM_CLUSTER_ENABLED", "true")
                .with("DARKROOM_CLUSTER_PORT", String.valueOf(CLUSTER_PORT))
                .with("DARKROOM_CLUSTER_BUS_PORT", "0")
                .with("DARKROOM_NODE_ROLES", "api");
        api = DarkroomInstanceProcess.start(directory, settings.environment());
        worker = DarkroomInstanceProcess.start(
                directory,
                settings.with("DARKROOM_CLUSTER_PORT", String.valueOf(FreePort.find()))
                        .with("DARKROOM_CLUSTER_MEMBERS", "127.0.0.1:" + CLUSTER_PORT)
                        .with("DARKROOM_NODE_ROLES", "worker,notifier")
                        .environment());
        api.awaitLine("cluster member joined");
    }

    @AfterAll
    static void stop() {
        worker.close();
        api.close();
        aiServer.close();
    }

    @Test
    void documentShowsWholeProgram() throws IOException {
        assertThat(document()).contains("```java\n" + Files.readString(SOURCE) + "```\n");
    }

    @Test
    void createsAGenerationAndPrintsItsUrls() throws Exception {
        assertPrintsImage(run(documentedCommand("java -cp target/darkroom.jar ")
                .replace("target/darkroom.jar", System.getProperty("darkroom.jar"))
                .replaceFirst(
                        "java",
                        Path.of(System.getProperty("java.home"), "bin", "java")
                                + " -XX:TieredStopAtLevel=1 -XX:+UseSerialGC " + properties())));
    }

    @Test
    @Tag("examples")
    void worksAsMavenProjectWithoutDarkroom() throws Exception {
        String command = documentedCommand("./mvnw -q -f " + PROJECT);
        assertThat(Files.readString(PROJECT.resolve("README.md"))).contains(command);

        // given a copy, so that the sources stay without build results
        Path copy = directory.resolve("event-bus");
        Files.createDirectories(copy.resolve("src/main/java"));
        Files.copy(PROJECT.resolve("pom.xml"), copy.resolve("pom.xml"));
        Files.copy(SOURCE, copy.resolve("src/main/java/ImageClient.java"));

        // then
        assertPrintsImage(run(
                command.replace(PROJECT.toString(), copy.toString()).replace("./mvnw", "./mvnw -B " + properties())));
    }

    /** Runs a command, requires exit code 0 and returns its output. */
    private static String run(String command) throws Exception {
        Path output = Files.createTempFile(directory, "output", ".txt");
        Process example = new ProcessBuilder("sh", "-c", command)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        try {
            boolean ended = example.waitFor(4, TimeUnit.MINUTES);
            String printed = Files.readString(output, StandardCharsets.UTF_8);
            assertThat(ended).as(printed).isTrue();
            assertThat(example.exitValue()).as(printed).isZero();
            return printed;
        } finally {
            example.destroyForcibly();
        }
    }

    private static void assertPrintsImage(String printed) {
        assertThat(printed).contains("created ", "COMPLETE");
        URI image = URI.create(printed.lines()
                .filter(line -> line.startsWith(api.api() + "/images/"))
                .findFirst()
                .orElseThrow());
        assertThat(new ApiClient(api.api()).get(image.getPath()).header("Content-Type"))
                .isEqualTo("image/png");
        String id = printed.lines()
                .filter(line -> line.startsWith("created "))
                .findFirst()
                .orElseThrow()
                .substring("created ".length());
        assertThat(api.log(id)).anyMatch(line -> line.contains("generation accepted"));
        assertThat(worker.log(id)).anyMatch(line -> line.contains("attempt succeeded"));
    }

    private static String properties() {
        return "-Dport=" + FreePort.find() + " -Dmembers=127.0.0.1:" + CLUSTER_PORT + " -Dapi=" + api.api();
    }

    private static String documentedCommand(String start) throws IOException {
        return document()
                .lines()
                .filter(line -> line.startsWith(start))
                .findFirst()
                .orElseThrow();
    }

    private static String document() throws IOException {
        return Files.readString(Path.of("docs/event-bus.md"));
    }
}
