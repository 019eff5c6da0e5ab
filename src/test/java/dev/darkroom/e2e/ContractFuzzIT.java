package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.auth.ApiKey;
import dev.darkroom.auth.ApiKeyAdmin;
import dev.darkroom.auth.Principal;
import dev.darkroom.auth.Role;
import dev.darkroom.testing.ApiClient;
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
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Somebody who knows the contract and nothing else sends what it allows and what it does not, by Schemathesis: no answer is a 5xx, none
 * has a status that the contract does not name or a body that it does not allow, whatever is invalid is refused, and whatever is valid
 * is not.
 */
@Tag("fuzz")
@Timeout(value = 90, unit = TimeUnit.MINUTES)
class ContractFuzzIT {
    private static final int LEAST = 20_000;
    private static final Path TOOLS = Path.of("target", "fuzz").toAbsolutePath();
    private static final Path REQUIREMENTS = Path.of("src", "test", "fuzz", "requirements.txt");
    private static final Pattern GENERATED = Pattern.compile("(?m)^ +([0-9,]+) generated");

    @RegisterExtension
    static final DarkroomExtension service = new DarkroomExtension(DarkroomInstanceSettings.forTests()
            .with("DARKROOM_AUTH", "required")
            // Waiting for what never comes would be most of the time.
            .with("DARKROOM_GENERATION_MAX_WAIT", "50ms"));

    @Test
    void whatTheContractSaysHoldsForWhateverIsSent() throws Exception {
        // given
        ApiKey key = ApiKey.generate(new SecureRandom());
        try (ApiKeyAdmin cabinet = ApiKeyAdmin.open(service.database())) {
            cabinet.create(key, new Principal("fuzz", Role.USER), null);
        }
        ApiClient client = service.client().withKey(key.secret());
        JsonObject ended = client.awaitEnd(client.create("A picture to be looked at"));
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
                // Nor what does not end.
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
        String said = Files.readString(output);
        System.out.println(said.substring(Math.max(0, said.indexOf("= SUMMARY ="))));
        assertThat(status).as(said).isZero();
        Matcher generated = GENERATED.matcher(said);
        assertThat(generated.find()).as(said).isTrue();
        if (System.getProperty("darkroom.fuzz.examples") == null) {
            assertThat(Integer.parseInt(generated.group(1).replace(",", ""))).isGreaterThanOrEqualTo(LEAST);
        }
        assertThat(service.darkroom().log()).noneMatch(line -> line.contains("ERROR"));
        Awaitility.await("the end of what was accepted")
                .atMost(Duration.ofMinutes(10))
                .until(() -> client.get("/api/generation?status=PENDING")
                        .json()
                        .getJsonArray("items")
                        .isEmpty());
        DatabaseInvariants.assertNoViolations(
                service.database(), service.directory().resolve("data/images"));
    }

    /** What cannot be had from the contract: a picture, and that which requests are refused although it allows them. */
    private static String configuration(JsonObject ended) {
        URI picture = URI.create(ended.getJsonArray("imageUrls").getString(0));
        return """
                [[operations]]
                include-operation-id = ["getImage", "headImage"]
                [operations.parameters]
                "path.imageName" = "%s"

                # The one model is the operator's secret, a key is used twice now and then, cursors and numbers are not made up, June has
                # 30 days, names of receivers lead to public addresses, and there is room for so many of them.
                [[operations]]
                include-operation-id = ["createGeneration", "retryGeneration", "listGenerations", "listNotifications",
                  "acknowledgeNotifications", "createWebhook", "changeWebhook", "enableWebhook", "listDeliveries", "redeliver",
                  "redeliverRange", "testWebhook"]
                [operations.checks]
                positive_data_acceptance.expected-statuses = ["2xx", "400", "404", "409", "422"]
                """.formatted(picture.getPath().substring("/images/".length()));
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
