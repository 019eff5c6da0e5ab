package dev.darkroom.backend.replicate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.darkroom.backend.NumberRange;
import dev.darkroom.backend.ServerLimits;
import dev.darkroom.backend.http.InputFields;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Inputs of models in the OpenAPI documents of cog. */
class InputSchemaTest {
    private static final String INPUTS = """
            {"components": {"schemas": {"Input": {"properties": {
              "prompt": {"type": "string", "maxLength": 500},
              "width": {"allOf": [{"$ref": "#/components/schemas/width"}], "default": 512},
              "height": {"type": "integer", "minimum": 128.5, "maximum": 1e30},
              "rng": {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "null"}]},
              "steps": {"type": "integer", "minimum": 1, "maximum": 50, "pattern": "(a+)+", "description": "x"},
              "scheduler": {"$ref": "#/components/schemas/scheduler"},
              "loop": {"$ref": "#/components/schemas/loop"}}},
             "width": {"type": "integer", "enum": [512, 768]},
             "scheduler": {"type": "string", "enum": ["DDIM", "K_EULER"]},
             "loop": {"$ref": "#/components/schemas/loop"}}}}""";

    private static ServerLimits parse(String json, List<String> path, String fields, String... parameters)
            throws IOException {
        return InputSchema.parse(
                new ByteArrayInputStream(json.getBytes(StandardCharsets.UTF_8)),
                path,
                InputFields.parse(fields),
                Set.of(parameters));
    }

    @Test
    void readsTheLimitsOfTheSentInputs() throws IOException {
        // when
        ServerLimits limits = parse(
                INPUTS,
                List.of(),
                "prompt, negative_prompt, seed=rng, width, height, num_outputs",
                "steps",
                "scheduler",
                "loop",
                "none");

        // then
        assertThat(limits.maxPromptLength()).isEqualTo(500);
        assertThat(limits.width()).isEqualTo(NumberRange.of(List.of(512L, 768L)));
        assertThat(limits.height()).isEqualTo(NumberRange.between(129, Long.MAX_VALUE));
        assertThat(limits.seed()).isEqualTo(NumberRange.between(1, Long.MAX_VALUE));
        assertThat(limits.count()).isNull();
        assertThat(limits.unsupported()).containsExactlyInAnyOrder(ServerLimits.NEGATIVE_PROMPT, ServerLimits.COUNT);
        assertThat(limits.parameters()).hasSize(2);
        assertThat(limits.parameters().get("steps"))
                .isEqualTo(new JsonObject("{\"type\": \"integer\", \"minimum\": 1, \"maximum\": 50}"));
        assertThat(limits.parameters().get("scheduler").getJsonArray("enum")).containsExactly("DDIM", "K_EULER");
    }

    @Test
    void readsTheSchemaThatAGenuineContainerHas() throws IOException {
        // when
        ServerLimits limits = parse(
                Files.readString(Path.of("src/test/genuine/cog/.cog/openapi_schema.json")),
                List.of(),
                "prompt, negative_prompt, seed, width, height, num_outputs");

        // then
        assertThat(limits.width()).isEqualTo(NumberRange.between(8, 1024));
        assertThat(limits.count()).isEqualTo(NumberRange.between(1, 4));
        assertThat(limits.unsupported()).isEmpty();
    }

    @Test
    void findsTheDocumentInsideAnother() throws IOException {
        // when
        ServerLimits limits = parse(
                "{\"latest_version\": {\"openapi_schema\": " + INPUTS + "}}",
                List.of("latest_version", "openapi_schema"),
                "prompt");

        // then
        assertThat(limits.maxPromptLength()).isEqualTo(500);
        assertThat(limits.width()).isNull();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "[]",
                "{\"components\": {\"schemas\": {\"Input\": {\"properties\": {\"text\": {}}}}}}",
                "{\"latest_version\": null}"
            })
    void rejectsADocumentWithoutThePrompt(String json) {
        assertThatThrownBy(() -> parse(json, List.of(), "prompt")).isInstanceOf(IOException.class);
    }
}
