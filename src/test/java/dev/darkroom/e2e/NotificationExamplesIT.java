package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.auth.ApiKey;
import dev.darkroom.auth.ApiKeyAdmin;
import dev.darkroom.auth.Principal;
import dev.darkroom.auth.Role;
import dev.darkroom.testing.DarkroomExtension;
import dev.darkroom.testing.ExampleProgramRunner;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Checks that {@code docs/notifications.md} shows the example programs and that they work as described. Tests that need
 * Node run with the profile "examples"; the others need a JDK only. {@code DocumentedCommandsIT} runs the script for
 * curl.
 */
@Timeout(300)
class NotificationExamplesIT {
    private static final Path EXAMPLES = Path.of("src/examples/notifications");

    @RegisterExtension
    static final DarkroomExtension service = DarkroomExtension.shared();

    @TempDir
    Path directory;

    private static String key(String user) {
        ApiKey key = ApiKey.generate(new SecureRandom());
        try (ApiKeyAdmin keyAdmin = ApiKeyAdmin.open(service.database())) {
            keyAdmin.create(key, new Principal(user, Role.USER), null);
        }
        return key.secret();
    }

    private static Map<String, String> environment(String key) {
        return Map.of("API", service.darkroom().api().toString(), "KEY", key);
    }

    private static int acknowledge(String key) {
        return service.anonymous()
                .withKey(key)
                .send(
                        "POST",
                        "/api/notifications/ack",
                        Map.of("Content-Type", "application/json"),
                        "{\"seq\": 1}".getBytes(StandardCharsets.UTF_8))
                .json()
                .getInteger("ackedSeq");
    }

    @ParameterizedTest
    @CsvSource({"java, NotificationListener.java", "sh, notifications.sh", "js, listen.js", "js, wait.mjs"})
    void pageShowsWholeProgram(String language, String file) throws IOException {
        assertThat(Files.readString(Path.of("docs/notifications.md")))
                .contains("```" + language + "\n" + Files.readString(EXAMPLES.resolve(file)) + "```\n");
    }

    @Test
    void javaProgramReceivesEndOfItsGeneration() {
        // when
        String key = key("java");
        String output = ExampleProgramRunner.run(
                directory,
                Map.of(),
                List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Dapi=" + service.darkroom().api(),
                        "-Dkey=" + key,
                        EXAMPLES.resolve("NotificationListener.java").toString(),
                        "A lighthouse at dusk"));

        // then
        assertReceivedEndOfItsGeneration(output);
        assertThat(acknowledge(key)).isEqualTo(1);
    }

    @Test
    @Tag("examples")
    void nodeProgramReceivesEndOfItsGeneration() {
        String key = key("node");
        String output = ExampleProgramRunner.run(
                directory,
                environment(key),
                List.of("node", EXAMPLES.resolve("wait.mjs").toString()));

        assertReceivedEndOfItsGeneration(output);
        assertThat(acknowledge(key)).isEqualTo(1);
    }

    private static void assertReceivedEndOfItsGeneration(String output) {
        String id = output.lines()
                .filter(line -> line.startsWith("created "))
                .findFirst()
                .orElseThrow(() -> new AssertionError(output))
                .substring("created ".length());
        JsonObject notification = new JsonObject(output.lines()
                .filter(line -> line.startsWith("{"))
                .findFirst()
                .orElseThrow(() -> new AssertionError(output)));
        assertThat(notification.getInteger("seq")).isEqualTo(1);
        assertThat(notification.getJsonObject("data").getString("generationId")).isEqualTo(id);
    }
}
