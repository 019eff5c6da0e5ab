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
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.awaitility.Awaitility;
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
    private static final Path EXAMPLES = Path.of("src/examples");

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
    @CsvSource({
        "java, NotificationListener.java",
        "sh, notifications.sh",
        "js, browser/listen.js",
        "js, browser/eventsource.js",
        "js, node/listen.mjs",
        "js, node/receiver.mjs"
    })
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
                List.of("node", EXAMPLES.resolve("node/listen.mjs").toString()));

        assertReceivedEndOfItsGeneration(output);
        assertThat(acknowledge(key)).isEqualTo(1);
    }

    @Test
    @Tag("examples")
    void receiverAcceptsSignedDeliveryOnce() throws Exception {
        // given
        String secret = "whsec_ZGFya3Jvb20tZXhhbXBsZS1zZWNyZXQtMzItYnl0ZXM=";
        Path outputFile = directory.resolve("receiver.txt");
        Process receiver = ExampleProgramRunner.start(
                outputFile,
                Map.of("WEBHOOK_SECRET", secret, "PORT", "0"),
                List.of("node", EXAMPLES.resolve("node/receiver.mjs").toString()));
        try {
            String port = Awaitility.await()
                    .atMost(Duration.ofSeconds(30))
                    .until(
                            () -> Files.readString(outputFile).replaceFirst("listening on (\\d+)\\s*", "$1"),
                            output -> output.matches("\\d+"));
            URI uri = URI.create("http://127.0.0.1:" + port + "/");
            String body = "{\"type\":\"generation.ended\"}";
            long now = Instant.now().getEpochSecond();

            // then
            assertThat(deliver(uri, now, body, signature(secret, now, body))).isEqualTo(204);
            assertThat(deliver(uri, now, body, "v1,AAAA " + signature(secret, now, body)))
                    .isEqualTo(204);
            assertThat(deliver(uri, now, body + " ", signature(secret, now, body)))
                    .isEqualTo(401);
            assertThat(deliver(uri, now - 400, body, signature(secret, now - 400, body)))
                    .isEqualTo(401);
            assertThat(deliver(uri, now, body, "v1,AAAA")).isEqualTo(401);
            Awaitility.await()
                    .atMost(Duration.ofSeconds(60))
                    .until(() -> Files.readString(outputFile).contains(body));
            assertThat(Files.readString(outputFile).split("generation.ended", -1))
                    .hasSize(2);
        } finally {
            receiver.destroyForcibly();
        }
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

    private static int deliver(URI uri, long timestamp, String body, String signature) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(uri)
                .header("webhook-id", "01a209f3-5c1e-7b8a-9c55-2f6d1a0b7e44")
                .header("webhook-timestamp", String.valueOf(timestamp))
                .header("webhook-signature", signature)
                .POST(BodyPublishers.ofString(body))
                .build();
        return HttpClient.newHttpClient()
                .send(request, BodyHandlers.discarding())
                .statusCode();
    }

    private static String signature(String secret, long timestamp, String body) throws GeneralSecurityException {
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(Base64.getDecoder().decode(secret.substring(6)), "HmacSHA256"));
        String signed = "01a209f3-5c1e-7b8a-9c55-2f6d1a0b7e44." + timestamp + "." + body;
        return "v1," + Base64.getEncoder().encodeToString(mac.doFinal(signed.getBytes(StandardCharsets.UTF_8)));
    }
}
