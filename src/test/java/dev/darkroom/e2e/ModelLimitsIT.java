package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;

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
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Requests that no AI server of the model can make. */
class ModelLimitsIT {
    @TempDir
    Path directory;

    private InProcessSimulator simulator;
    private DarkroomInstance darkroom;
    private ApiClient client;

    @BeforeEach
    void start() throws IOException {
        simulator = new InProcessSimulator(Duration.ofMillis(5));
        Path conf = Files.writeString(directory.resolve("limits.yaml"), """
                backends:
                  openai: {url: "%1$s", sizes: "1024x1024, 1536x1024", imageFormats: "png"}
                  cog: {type: cog, url: "%2$s", inputFields: prompt}
                models:
                  gpt-image: openai/gpt-image-1
                  cog: cog
                """.formatted(
                        simulator.url(), simulator.url().resolve("/")));
        darkroom = InProcessDarkroom.start(
                directory,
                DarkroomInstanceSettings.forTests()
                        .database(TestPostgres.migratedDatabase())
                        .with("DARKROOM_CONF", conf.toString()));
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
}
