package dev.darkroom.api.contract;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.darkroom.api.problem.Problem;
import dev.darkroom.config.BackendSettings;
import dev.darkroom.config.Settings;
import dev.darkroom.config.SettingsLoader;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code openapi.yaml} is complete and consistent, and agrees with the settings. */
class ApiContractTest {
    private final OpenApiFile file = OpenApiFile.read();
    private Vertx vertx;

    @BeforeEach
    void start() {
        vertx = Vertx.vertx();
    }

    @AfterEach
    void stop() throws Exception {
        await(vertx.close());
    }

    @Test
    void bothPortsTogetherServeEveryOperation() throws Exception {
        // given
        List<String> inFile = file.operations().values().stream()
                .map(operation -> operation.path("operationId").asText())
                .toList();

        // when
        Stream<String> served = Stream.concat(
                await(ContractLoader.load(vertx)).api().operationIds().stream(),
                await(ContractLoader.load(vertx)).management().operationIds().stream());

        // then
        assertThat(served).containsExactlyInAnyOrderElementsOf(inFile);
        assertThat(inFile).doesNotHaveDuplicates().doesNotContain("");
    }

    @Test
    void everyReferenceResolves() {
        // given
        List<String> references = file.references();

        // then
        assertThat(references).isNotEmpty().allSatisfy(reference -> {
            assertThat(reference).startsWith("#/");
            assertThat(file.at(reference.substring(1)).isMissingNode())
                    .as(reference)
                    .isFalse();
        });
    }

    @Test
    void everyOperationAndResponseIsDescribed() {
        // then
        file.operations().forEach((name, operation) -> {
            assertThat(operation.path("summary").asText()).as(name).isNotBlank();
            operation
                    .path("responses")
                    .properties()
                    .forEach(response -> assertThat(file.resolved(response.getValue())
                                    .path("description")
                                    .asText())
                            .as(name + " " + response.getKey())
                            .isNotBlank());
        });
    }

    @Test
    void everyOperationHasSummaryDescriptionTagExamplesAndClientErrors() {
        file.operations().forEach((name, operation) -> {
            for (String text : List.of("summary", "description")) {
                assertThat(operation.path(text).asText()).as(name + " " + text).isNotBlank();
            }
            assertThat(operation.path("tags")).as(name + " tags").hasSize(1);
            JsonNode responses = operation.path("responses");
            assertThat(responses.fieldNames())
                    .as(name + " 4xx")
                    .toIterable()
                    .anyMatch(status -> status.startsWith("4"));
            assertThat(hasExample(operation)).as(name + " examples").isTrue();
        });
    }

    /** Returns whether a response or a parameter has an example. */
    private boolean hasExample(JsonNode operation) {
        List<JsonNode> carriers = new ArrayList<>();
        operation
                .path("responses")
                .forEach(response -> file.resolved(response).path("content").forEach(carriers::add));
        operation.path("parameters").forEach(parameter -> carriers.add(file.resolved(parameter)));
        return carriers.stream().anyMatch(carrier -> carrier.has("example") || carrier.has("examples"));
    }

    @Test
    void everyResponseExceptHealthChecksHasRequestId() {
        // then
        file.operations().forEach((name, operation) -> {
            if (!name.contains("/health/")) {
                operation.path("responses").properties().forEach(entry -> {
                    JsonNode response = file.resolved(entry.getValue());
                    if (response.has("content")) {
                        assertThat(response.path("headers").has("X-Request-Id"))
                                .as(name + " " + entry.getKey())
                                .isTrue();
                    }
                });
            }
        });
    }

    @Test
    void everyRequestBodyHasValidExamples() {
        // given
        Map<String, JsonNode> bodies = file.requestBodies();

        // then
        assertThat(bodies).hasSizeGreaterThan(4);
        bodies.forEach((name, body) -> assertExamplesValid(file, name, body));
    }

    @Test
    void everyResponseBodyHasExamplesValidForTheStrictContract() {
        // given
        Map<String, JsonNode> bodies = file.responseBodies();

        // then
        assertThat(bodies).hasSizeGreaterThan(40);
        OpenApiFile strict = OpenApiFile.readStrict();
        bodies.forEach((name, body) -> assertExamplesValid(strict, name, body));
    }

    private static void assertExamplesValid(OpenApiFile validator, String name, JsonNode body) {
        List<JsonNode> examples = validator.examples(body);
        assertThat(examples).as(name).isNotEmpty();
        examples.forEach(example -> validator.assertValid(name, body.path("schema"), example));
    }

    @Test
    void everyExampleOfParameterOrHeaderIsValid() {
        // then
        for (String kind : List.of("parameters", "headers")) {
            file.at("/components/" + kind).properties().forEach(entry -> {
                JsonNode example = entry.getValue().path("example");
                if (!example.isMissingNode()) {
                    file.assertValid(entry.getKey(), entry.getValue().path("schema"), example);
                }
            });
        }
    }

    @Test
    void hasExampleOfEachGenerationState() {
        // given
        JsonNode examples = file.at(
                "/paths/~1api~1generation~1{generationId}/get/responses/200/content/application~1json/examples");

        // then
        assertThat(examples)
                .extracting(
                        example -> file.resolved(example).at("/value/status").asText())
                .containsExactlyInAnyOrder("PENDING", "PENDING", "COMPLETE", "FAILED");
    }

    @Test
    void listsEveryProblemType() {
        // given
        List<String> listed = new ArrayList<>();
        file.at("/components/schemas/Problem/properties/type/enum").forEach(type -> listed.add(type.asText()));

        // when
        List<String> types = Stream.of(
                        Problem.malformedRequest(),
                        Problem.unauthorized(false, "x"),
                        Problem.invalidImageUrl("x"),
                        Problem.invalidCallbackToken("x"),
                        Problem.gone("x"),
                        Problem.originNotAllowed(),
                        Problem.forbidden(),
                        Problem.unknownPath(),
                        Problem.requestTimeout(),
                        Problem.conflict("x"),
                        Problem.misdirectedRequest(),
                        Problem.idempotencyKeyReused(),
                        Problem.methodNotAllowed("PUT", "GET"),
                        Problem.tooLarge(413, "x"),
                        Problem.unsupportedMediaType(),
                        Problem.preconditionFailed(),
                        Problem.rangeNotSatisfiable(1),
                        Problem.internalError(),
                        Problem.unavailable(),
                        Problem.tooManyRequests("x", 1),
                        Problem.quotaExceeded("x", 1),
                        Problem.budgetExceeded("x", 1),
                        Problem.overloaded("x", 1))
                .map(problem -> problem.toJson("/", "id").getString("type"))
                .toList();

        // then
        assertThat(listed).containsExactlyInAnyOrderElementsOf(types).hasSize(Problem.Type.values().length);
    }

    @Test
    void limitsAndDefaultsMatchTheSettings(@TempDir Path directory) {
        // given
        Settings.Generation settings = settings(directory).generation();
        BackendSettings limits = settings(directory).backend();
        JsonNode fields = file.at("/components/schemas/GenerationRequest/properties");

        // then
        assertThat(file.at("/components/schemas/PromptText/maxLength").asInt()).isEqualTo(limits.maxPromptLength());
        for (String side : List.of("width", "height")) {
            assertThat(fields.path(side).path("maximum").asInt()).isEqualTo(limits.maxSide());
        }
        assertThat(fields.path("count").path("maximum").asInt()).isEqualTo(limits.maxCount());
        assertThat(fields.path("inputImages").path("maxItems").asInt()).isEqualTo(limits.maxInputImages());
        assertThat(fields.path("width").path("description").asText())
                .contains(settings.defaultWidth() + " when absent");
        assertThat(fields.path("height").path("description").asText())
                .contains(settings.defaultHeight() + " when absent");
        assertThat(fields.path("count").path("description").asText())
                .contains(settings.defaultCount() + " when absent");
        assertThat(fields.path("seed").path("maximum").asLong()).isEqualTo(Integer.MAX_VALUE);
    }

    @Test
    void exampleOfTooLargeBodyNamesTheDefaultLimit(@TempDir Path directory) {
        // given
        int limit = settings(directory).http().maxBodyBytes();

        // then
        assertThat(file.at("/components/responses/BodyTooLarge/content/application~1problem+json/example/detail")
                        .asText())
                .isEqualTo(Problem.tooLarge(413, "The body may have at most " + limit + " bytes.")
                        .getMessage());
    }

    private static Settings settings(Path directory) {
        return SettingsLoader.load(Map.of("DARKROOM_HTTP_PORT", "0", "DARKROOM_MANAGEMENT_PORT", "0"), directory)
                .settings();
    }

    private static <T> T await(Future<T> future) throws Exception {
        return future.toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS);
    }
}
