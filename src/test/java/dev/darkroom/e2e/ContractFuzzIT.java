package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.auth.ApiKey;
import dev.darkroom.auth.ApiKeyAdmin;
import dev.darkroom.auth.Principal;
import dev.darkroom.auth.Role;
import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.CallbackTokenFactory;
import dev.darkroom.testing.DarkroomExtension;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.DatabaseInvariants;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Sends valid and invalid requests generated from the contract by Schemathesis. Checks that no response is a 5xx, that
 * every status and body is in the contract, that invalid requests are rejected and valid ones accepted.
 */
@Tag("fuzz")
@Timeout(value = 90, unit = TimeUnit.MINUTES)
class ContractFuzzIT {
    private static final int MIN_GENERATED_CASES = 20_000;
    private static final Path TOOLS = Path.of("target", "fuzz").toAbsolutePath();
    private static final Path REQUIREMENTS = Path.of("src", "test", "fuzz", "requirements.txt");
    private static final Pattern GENERATED = Pattern.compile("(?m)^ +([0-9,]+) generated");

    @RegisterExtension
    static final DarkroomExtension service = new DarkroomExtension(DarkroomInstanceSettings.forTests()
            .with("DARKROOM_AUTH", "required")
            // Without this, most of the time would be spent on waits that time out.
            .with("DARKROOM_GENERATION_MAX_WAIT", "1s"));

    @Test
    void generatedRequestsFollowTheContract() throws Exception {
        // given
        ApiKey key = ApiKey.generate(new SecureRandom());
        try (ApiKeyAdmin keyAdmin = ApiKeyAdmin.open(service.database())) {
            keyAdmin.create(key, new Principal("fuzz", Role.USER), null);
        }
        ApiClient client = service.client().withKey(key.secret());
        JsonObject ended = client.awaitEnd(client.create("A lighthouse"));
        Path schemathesis = install();
        Path config = TOOLS.resolve("schemathesis.toml");
        Files.writeString(config, configuration(ended));

        // when
        Path output = TOOLS.resolve("output.txt");
        int status = run(
                output,
                schemathesis.toString(),
                "--config-file",
                config.toString(),
                "run",
                Path.of("openapi.yaml").toAbsolutePath().toString(),
                "--url",
                service.darkroom().api().toString(),
                "--header",
                "Authorization: Bearer " + key.secret(),
                "--exclude-path-regex",
                // Excludes the operations of the management port, and streams, because they do not end.
                "^/(health|backends|database|node)|/(stream|events|socket)$",
                "--phases",
                "examples,coverage,fuzzing,stateful",
                "--max-examples",
                System.getProperty("darkroom.fuzz.examples", "1000"),
                "--continue-on-failure",
                "--workers",
                "2",
                "--generation-database",
                "none",
                "--no-color");

        // then
        String report = Files.readString(output);
        System.out.println(report.substring(Math.max(0, report.indexOf("= SUMMARY ="))));
        assertThat(status).as(report).isZero();
        Matcher generated = GENERATED.matcher(report);
        assertThat(generated.find()).as(report).isTrue();
        if (System.getProperty("darkroom.fuzz.examples") == null) {
            assertThat(Integer.parseInt(generated.group(1).replace(",", "")))
                    .isGreaterThanOrEqualTo(MIN_GENERATED_CASES);
        }
        assertThat(service.darkroom().log()).noneMatch(line -> line.contains("ERROR"));
        Awaitility.await("the end of all accepted generations")
                .atMost(Duration.ofMinutes(10))
                .until(() -> client.get("/api/generation?status=PENDING")
                        .json()
                        .getJsonArray("items")
                        .isEmpty());
        DatabaseInvariants.assertNoViolations(
                service.database(), service.directory().resolve("data/images"));
    }

    /**
     * Configuration that the contract cannot provide: the name of an existing image, and statuses of valid requests
     * that may be rejected.
     */
    private static String configuration(JsonObject ended) {
        URI image = URI.create(ended.getJsonArray("imageUrls").getString(0));
        return """
                # The default, and 414 for a query that is too long.
                [checks]
                negative_data_rejection.expected-statuses = ["400", "401", "403", "404", "405", "406", "409", "414", "415", "422", "428",
                  "429", "5xx"]

                [[operations]]
                include-operation-id = ["getImage", "headImage"]
                [operations.parameters]
                "path.imageName" = "%s"
                # A valid range may start after the end of the image, and If-Match may name another image.
                [operations.checks]
                positive_data_acceptance.expected-statuses = ["2xx", "3xx", "401", "403", "404", "412", "416", "429", "5xx"]

                # A token of a job that is closed. Valid reports get 410, after the validation.
                [[operations]]
                include-operation-id = ["receiveCallback"]
                [operations.parameters]
                "path.callbackToken" = "%s"
                [operations.checks]
                positive_data_acceptance.expected-statuses = ["400", "403", "410"]

                # Valid requests may be rejected: the model is unknown or does not have a parameter, an idempotency key is repeated, cursors and sequence numbers do not
                # exist, June has 30 days, a period starts before it ends and has at most 366 days, receiver hosts resolve to public addresses,
                # and the number of webhooks is limited.
                [[operations]]
                include-operation-id = ["createGeneration", "retryGeneration", "listGenerations", "listNotifications",
                  "acknowledgeNotifications", "createWebhook", "updateWebhook", "enableWebhook", "listWebhookDeliveries",
                  "redeliverWebhookDelivery", "redeliverFailedWebhookDeliveries", "testWebhook",
                  "getUsage", "createOpenAiImage", "editOpenAiImage", "createOpenAiImageTask", "createPrediction",
                  "createModelPrediction"]
                [operations.checks]
                positive_data_acceptance.expected-statuses = ["2xx", "400", "404", "409", "422"]
                """.formatted(
                image.getPath().substring("/images/".length()),
                CallbackTokenFactory.create(
                        service.database(), UUID.randomUUID(), Instant.now().plus(Duration.ofHours(1))));
    }

    private static Path install() throws IOException, InterruptedException {
        Path environment = TOOLS.resolve("python");
        Path schemathesis = environment.resolve("bin/schemathesis");
        Path log = Files.createDirectories(TOOLS).resolve("install.txt");
        if (!Files.isExecutable(schemathesis)) {
            assertThat(run(log, "python3", "-m", "venv", environment.toString()))
                    .as("python3 with venv must be installed")
                    .isZero();
            String pip = environment.resolve("bin/pip").toString();
            assertThat(run(log, pip, "install", "--requirement", REQUIREMENTS.toString()))
                    .as(() -> "Schemathesis cannot be installed, see " + log)
                    .isZero();
        }
        return schemathesis;
    }

    private static int run(Path output, String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(List.of(command))
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        try {
            return process.waitFor();
        } finally {
            process.destroy();
        }
    }
}
