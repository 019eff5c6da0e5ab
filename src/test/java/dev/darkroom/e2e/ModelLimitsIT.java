package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.auth.ApiKey;
import dev.darkroom.auth.ApiKeyAdmin;
import dev.darkroom.auth.Principal;
import dev.darkroom.auth.Role;
import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.DarkroomInstance;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.InProcessDarkroom;
import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Requests that no AI server of the model can make. */
class ModelLimitsIT {
    @TempDir
    Path directory;

    private final DatabaseUrl database = TestPostgres.migratedDatabase();
    private InProcessSimulator simulator;
    private DarkroomInstance darkroom;
    private ApiClient client;

    @BeforeEach
    void start() throws IOException {
        simulator = new InProcessSimulator(Duration.ofMillis(5));
        Path schema = Files.writeString(directory.resolve("parameters.json"), """
                {"type": "object", "properties": {"num_inference_steps": {"type": "integer", "maximum": 100}}}""");
        Path conf = Files.writeString(directory.resolve("limits.yaml"), """
                backends:
                  openai: {url: "%1$s", sizes: "1024x1024, 1536x1024", imageFormats: "png"}
                  cog: {type: cog, url: "%2$s", inputFields: prompt}
                  reachable: {type: cog, url: "%2$s", inputFields: "prompt, seed=rng", parametersSchema: "%3$s"}
                  unreachable: {type: cog, url: "http://127.0.0.1:1", inputFields: "prompt, seed=rng"}
                models:
                  gpt-image: openai/gpt-image-1
                  cog: cog
                  reachable: reachable
                  unreachable: unreachable
                """.formatted(
                        simulator.url(), simulator.url().resolve("/"), schema));
        darkroom = InProcessDarkroom.start(
                directory,
                DarkroomInstanceSettings.forTests().database(database).with("DARKROOM_CONF", conf.toString()));
        client = darkroom.client();
    }

    @AfterEach
    void stop() {
        darkroom.close();
        simulator.close();
    }

    private static JsonObject request(String model) {
        return new JsonObject().put("prompt", "a pier").put("model", model);
    }

    private JsonArray errors(JsonObject request) {
        return client.post(request.encode()).json().getJsonArray("errors");
    }

    private static JsonArray error(String pointer, String detail) {
        return new JsonArray().add(new JsonObject().put("pointer", pointer).put("detail", detail));
    }

    private JsonObject model(String name) {
        return client.get("/api/models").json().getJsonArray("models").stream()
                .map(JsonObject.class::cast)
                .filter(model -> model.getString("name").equals(name))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void declaredLimitsAreShownAndChecked() {
        // when
        JsonObject ended = client.awaitEnd(client.create(request("gpt-image")).getString("id"));

        // then
        assertThat(ended.getInteger("width")).isEqualTo(1024);
        assertThat(simulator.recordedRequests().get(0).getJsonObject("body").getString("size"))
                .isEqualTo("1024x1024");
        assertThat(model("gpt-image").getJsonArray("sizes"))
                .isEqualTo(new JsonArray(List.of("1024x1024", "1536x1024")));
        assertThat(model("gpt-image").getJsonArray("imageFormats")).isEqualTo(new JsonArray(List.of("image/png")));
        assertThat(errors(request("gpt-image").put("width", 512).put("height", 512)))
                .isEqualTo(error("#/width", "must be that of a size of the model: 1024x1024, 1536x1024"));
        assertThat(errors(request("gpt-image").put("seed", 1)))
                .isEqualTo(error("#/seed", "is not supported by the model gpt-image"));
        assertThat(errors(request("cog").put("negativePrompt", "text")))
                .isEqualTo(error("#/negativePrompt", "is not supported by the model cog"));
        assertThat(errors(request("cog").put("count", 2))).isEqualTo(error("#/count", "must be between 1 and 1"));
        assertThat(simulator.recordedRequests()).hasSize(1);
    }

    @Test
    void limitsThatTheAiServerTellsNarrowTheDeclaredOnes() {
        // given
        Awaitility.await().until(() -> !model("reachable").containsKey("seed"));

        // when
        JsonObject steps = new JsonObject().put("num_inference_steps", 51);

        // then
        assertThat(errors(request("reachable").put("parameters", steps)))
                .isEqualTo(error("#/parameters/num_inference_steps", "must have a maximum value of 50"));
        assertThat(errors(request("reachable").put("seed", 1)))
                .isEqualTo(error("#/seed", "is not supported by the model reachable"));
        assertThat(model("reachable").getJsonObject("parameters").getJsonArray("allOf"))
                .hasSize(2);
        assertThat(simulator.recordedRequests()).isEmpty();
    }

    @Test
    void declaredLimitsHoldWithoutAnAnswer() {
        // given
        Awaitility.await().until(() -> !model("reachable").containsKey("seed"));

        // then
        assertThat(model("unreachable").containsKey("seed")).isTrue();
        assertThat(client.post(request("unreachable").put("seed", 1).encode()).status())
                .isEqualTo(202);
    }

    @Test
    void adminsSeeWhatWasReadAndWhen() {
        // given
        ApiKey key = ApiKey.generate(new SecureRandom());
        try (ApiKeyAdmin keyAdmin = ApiKeyAdmin.open(database)) {
            keyAdmin.create(key, new Principal("root", Role.ADMIN), null);
        }
        Awaitility.await().until(() -> !model("reachable").containsKey("seed"));

        // when
        List<JsonObject> backends =
                client.withKey(key.secret()).get("/api/backends").json().getJsonArray("backends").stream()
                        .map(JsonObject.class::cast)
                        .toList();

        // then
        assertThat(backends.get(0).getJsonArray("readLimits")).isEmpty();
        assertThat(backends.get(3).getJsonArray("readLimits")).isEmpty();
        JsonObject read = backends.get(2).getJsonArray("readLimits").getJsonObject(0);
        assertThat(Instant.parse(read.getString("readAt"))).isBefore(Instant.now());
        assertThat(read.getString("model")).isEqualTo("reachable");
        assertThat(read.getJsonArray("unsupported")).containsExactly("seed");
        assertThat(read.getJsonObject("parameters"))
                .isEqualTo(new JsonObject()
                        .put(
                                "num_inference_steps",
                                new JsonObject()
                                        .put("type", "integer")
                                        .put("minimum", 1)
                                        .put("maximum", 50)));
    }
}
