package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.DarkroomInstance;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.InProcessDarkroom;
import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.json.JsonObject;
import io.vertx.core.json.pointer.JsonPointer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Parameters of requests, from the API to an AI server of each protocol. */
class RequestParametersIT {
    private static final String SCHEMA = """
            {"type": "object", "properties": {"steps": {"type": "integer", "minimum": 1, "maximum": 50, "default": 20}}}""";

    @TempDir
    Path directory;

    private final DatabaseUrl database = TestPostgres.migratedDatabase();
    private InProcessSimulator simulator;
    private DarkroomInstance darkroom;
    private ApiClient client;

    @BeforeEach
    void start() throws IOException {
        simulator = new InProcessSimulator(Duration.ofMillis(5));
        darkroom = start(SCHEMA, 4);
        client = darkroom.client();
    }

    /** @param concurrency of the worker; 0 for none */
    private DarkroomInstance start(String schema, int concurrency) throws IOException {
        Path file = Files.writeString(directory.resolve("parameters.json"), schema);
        JsonObject workflow = new JsonObject(Files.readString(Path.of("conf/examples/comfyui-workflow.json")));
        workflow.getJsonObject("3").getJsonObject("inputs").put("steps", "%steps%");
        Path workflowFile = Files.writeString(directory.resolve("workflow.json"), workflow.encode());
        String root = simulator.url().resolve("/").toString();
        Path conf = Files.writeString(
                directory.resolve("parameters.yaml"), """
                backend:
                  parametersSchema: %1$s
                backends:
                  openai: {url: "%2$s"}
                  automatic1111: {type: automatic1111, url: "%3$s"}
                  bfl: {type: bfl, url: "%3$s", model: "flux-2-flex"}
                  callback: {type: callback, url: "%3$scallback/jobs"}
                  cog: {type: cog, url: "%3$s"}
                  comfyui: {type: comfyui, url: "%3$s", workflow: "%4$s"}
                  fal: {type: fal, url: "%3$sfal", model: "acme/painter"}
                  sd-server: {type: sd_server, url: "%3$s"}
                  replicate: {type: replicate, url: "%3$s", model: "acme/painter"}
                  none: {url: "%2$s", parametersSchema: ""}
                models:
                  openai: openai
                  automatic1111: automatic1111
                  bfl: bfl
                  callback: callback
                  cog: cog
                  comfyui: comfyui
                  fal: fal
                  sd-server: sd-server
                  replicate: replicate
                  none: openai, none
                """.formatted(file, simulator.url(), root, workflowFile));
        return InProcessDarkroom.start(
                directory,
                DarkroomInstanceSettings.forTests()
                        .database(database)
                        .workerConcurrency(concurrency)
                        .with("DARKROOM_CONF", conf.toString()));
    }

    @AfterEach
    void stop() {
        darkroom.close();
        simulator.close();
    }

    private static JsonObject request(String model, Object steps) {
        return new JsonObject()
                .put("prompt", "a pier")
                .put("model", model)
                .put("parameters", new JsonObject().put("steps", steps));
    }

    @ParameterizedTest
    @CsvSource({
        "openai, /steps",
        "automatic1111, /steps",
        "bfl, /steps",
        "callback, /parameters/steps",
        "cog, /input/steps",
        "comfyui, /prompt/3/inputs/steps",
        "fal, /steps",
        "sd-server, /steps",
        "replicate, /input/steps"
    })
    void parametersReachTheAiServer(String model, String pointer) {
        // when
        JsonObject ended = client.awaitEnd(client.create(request(model, 30)).getString("id"));

        // then
        assertThat(ended.getString("status")).isEqualTo("COMPLETE");
        assertThat(ended.getJsonObject("parameters")).isEqualTo(new JsonObject().put("steps", 30));
        JsonObject body = simulator.recordedRequests().get(0).getJsonObject("body");
        assertThat(JsonPointer.from(pointer).queryJson(body)).isEqualTo(30);
    }

    @Test
    void invalidParametersAreRejectedBeforeTheyReachAnAiServer() {
        // when
        List<JsonObject> problems = List.of(
                client.post(request("openai", 51).encode()).json(),
                client.post(request("none", 30).encode()).json(),
                client.post(new JsonObject()
                                .put("prompt", "a pier")
                                .put("parameters", List.of())
                                .encode())
                        .json());

        // then
        assertThat(problems)
                .allSatisfy(problem -> assertThat(problem.getInteger("status")).isEqualTo(400));
        assertThat(problems.stream()
                        .map(problem -> problem.getJsonArray("errors").getJsonObject(0)))
                .containsExactly(
                        new JsonObject()
                                .put("pointer", "#/parameters/steps")
                                .put("detail", "must have a maximum value of 50"),
                        new JsonObject()
                                .put("pointer", "#/parameters")
                                .put("detail", "is not accepted by the model none"),
                        new JsonObject().put("pointer", "#/parameters").put("detail", "must be an object"));
        assertThat(simulator.recordedRequests()).isEmpty();
    }

    @Test
    void aRetrySendsTheSameParameters() {
        // given
        simulator.script(new JsonObject().put("status", 400));
        String failed = client.create(request("openai", 30)).getString("id");
        assertThat(client.awaitEnd(failed).getString("status")).isEqualTo("FAILED");

        // when
        String retried = client.retry(failed, Map.of()).json().getString("id");
        JsonObject ended = client.awaitEnd(retried);

        // then
        assertThat(ended.getJsonObject("parameters")).isEqualTo(new JsonObject().put("steps", 30));
        assertThat(simulator.recordedRequests())
                .hasSize(2)
                .allSatisfy(
                        received -> assertThat(received.getJsonObject("body").getInteger("steps"))
                                .isEqualTo(30));
    }

    @Test
    void parametersThatAreNoLongerAcceptedAreNotSent() throws IOException {
        // given
        darkroom.close();
        darkroom = start(SCHEMA, 0);
        String id = darkroom.client().create(request("openai", 30)).getString("id");
        darkroom.close();

        // when
        darkroom = start(SCHEMA.replace("50", "25"), 4);
        JsonObject ended = darkroom.client().awaitEnd(id);

        // then
        assertThat(ended.getString("status")).isEqualTo("FAILED");
        assertThat(ended.getJsonObject("error").getString("code")).isEqualTo("PARAMETERS_REJECTED");
        assertThat(simulator.recordedRequests()).isEmpty();
    }

    @Test
    void modelsShowTheirSchemas() {
        // when
        List<JsonObject> models = client.get("/api/models").json().getJsonArray("models").stream()
                .map(JsonObject.class::cast)
                .toList();

        // then
        assertThat(models.get(0).getJsonObject("parameters"))
                .isEqualTo(new JsonObject(SCHEMA).put("additionalProperties", false));
        assertThat(models.get(models.size() - 1).containsKey("parameters")).isFalse();
    }
}
