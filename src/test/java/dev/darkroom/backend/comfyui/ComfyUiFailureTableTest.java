package dev.darkroom.backend.comfyui;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.backend.BackendFailure;
import dev.darkroom.testing.GeneratedDocumentSection;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Answers recorded from ComfyUI 0.33.0, or built from such records, and the failure that each becomes. */
class ComfyUiFailureTableTest extends ComfyUiBackendFixture {
    private static final Path FAILURES = Path.of("src/test/resources/recordings/comfyui-0.33.0-failures.json");

    @ParameterizedTest
    @MethodSource("failures")
    void mapsRecordedAnswer(JsonObject failure) {
        // given
        startServer(router -> addAnswer(router, failure));

        // when
        BackendFailure backendFailure = failed(generate(1));

        // then
        assertThat(backendFailure.failureClass().name()).isEqualTo(failure.getString("class"));
        assertThat(backendFailure.code()).isEqualTo(failure.getString("code"));
        String detail = failure.getString("detail");
        assertThat(backendFailure.detail()).isEqualTo(detail == null ? null : detail.strip());
        assertThat(backendFailure.message())
                .matches("[A-Z][^\"#/]*\\.")
                .doesNotContain("torch", "prompt_id", "DkPaint", "EmptyImage", "execution.py");
    }

    static Stream<Named<JsonObject>> failures() throws IOException {
        return new JsonArray(Files.readString(FAILURES))
                .stream().map(JsonObject.class::cast).map(failure -> Named.of(failure.getString("name"), failure));
    }

    @Test
    void documentsRecordedAnswers() throws IOException {
        StringBuilder table = new StringBuilder("| answer | to | status | class | code |\n|---|---|---|---|---|\n");
        failures()
                .map(Named::getPayload)
                .forEach(failure -> table.append("| %s | `%s` | %d | `%s` | `%s` |\n"
                        .formatted(
                                failure.getString("name"),
                                failure.getString("at"),
                                failure.getInteger("status"),
                                failure.getString("class"),
                                failure.getString("code"))));
        new GeneratedDocumentSection(
                        "docs/backends/comfyui.md",
                        "recorded",
                        "the recordings of ComfyUiFailureTableTest",
                        "./mvnw test -Dtest=ComfyUiFailureTableTest")
                .assertContent(table.toString());
    }

    private void addAnswer(Router router, JsonObject failure) {
        switch (failure.getString("at")) {
            case "POST /prompt" -> router.post("/prompt").handler(context -> answer(context, failure));
            case "GET /api/jobs" -> router.get("/api/jobs/:id").handler(context -> answer(context, failure));
            default -> {
                router.get("/api/jobs/:id")
                        .handler(
                                context -> context.response().setStatusCode(404).end("404: Not Found"));
                router.get("/queue")
                        .handler(context -> context.json(new JsonObject()
                                .put("queue_running", new JsonArray())
                                .put("queue_pending", new JsonArray())));
                router.get("/history/:id").handler(context -> {
                    JsonObject recorded = failure.getJsonObject("answer");
                    context.json(new JsonObject()
                            .put(
                                    context.pathParam("id"),
                                    recorded.getValue(
                                            recorded.fieldNames().iterator().next())));
                });
            }
        }
    }

    private static void answer(RoutingContext context, JsonObject failure) {
        context.response().setStatusCode(failure.getInteger("status"));
        if (failure.getValue("answer") instanceof JsonObject object) {
            context.json(object);
        } else {
            context.end(failure.getString("answer"));
        }
    }
}
