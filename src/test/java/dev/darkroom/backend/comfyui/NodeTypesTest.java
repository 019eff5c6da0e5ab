package dev.darkroom.backend.comfyui;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.darkroom.backend.NumberRange;
import dev.darkroom.backend.ParametersSchema;
import dev.darkroom.backend.ServerLimits;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Comparison of a workflow with the node types of a server. */
class NodeTypesTest {
    private static final String TYPES = """
            {"Other": {"input": {"required": {"a": ["INT", {"nested": [{"input": {"b": 1}}]}]}}},
             "Encode": {"input": {"required": {"text": ["STRING", {"multiline": true}], "clip": ["CLIP"]}, "optional": {"weight": ["FLOAT"]},
               "hidden": {"unique_id": "UNIQUE_ID"}}, "input_order": {"required": ["text", "clip", "order"]}, "name": "Encode"},
             "Odd": 7}""";

    @ParameterizedTest
    @CsvSource({"text", "clip", "weight", "unique_id", "text.part1"})
    void findsNothingWhenTheServerHasTheInput(String input) throws IOException {
        assertThat(findMissing("Encode", input)).isNull();
    }

    @ParameterizedTest
    @CsvSource({
        "Encode, txt, 'node \"6\" (Encode), input \"txt\": unknown input'",
        "Encode, order, 'node \"6\" (Encode), input \"order\": unknown input'",
        "Encode, a, 'node \"6\" (Encode), input \"a\": unknown input'",
        "Decode, text, 'node \"6\": unknown node type Decode'",
        "Odd, text, 'node \"6\" (Odd), input \"text\": unknown input'"
    })
    void namesTheNodeAndTheInputThatTheServerDoesNotHave(String type, String input, String message) throws IOException {
        assertThat(findMissing(type, input)).isEqualTo(message);
    }

    @Test
    void readsTheLimitsOfPlaceholders() throws IOException {
        // given
        WorkflowTemplate workflow = WorkflowTemplate.parse(
                "flow.json", Buffer.buffer("""
                {"1": {"class_type": "Latent", "inputs": {"text": "%prompt%", "width": "%width%", "batch": "%count%"}},
                 "2": {"class_type": "Sampler", "inputs": {"seed": "%seed%", "width": "%width%", "sampler": "%sampler%", "cfg": "%cfg%", "old": "%old%",
                   "note": "with %note%"}}}"""), ParametersSchema.parse("p.json", Buffer.buffer("""
                {"type": "object", "required": ["sampler", "cfg", "old", "note"], "properties": {"sampler": {"type": "string"},
                 "cfg": {"type": "number"}, "old": {"type": "string"}, "note": {"type": "string"}}}"""), Set.of()));
        String types = """
                {"Latent": {"input": {"required": {"text": ["STRING", {}], "width": ["INT", {"min": 16, "max": 1024, "step": 8}],
                   "batch": ["INT", {"min": 1, "max": 2}]}}},
                 "Sampler": {"input": {"required": {"seed": ["INT", {"min": 0, "max": 18446744073709551615}], "width": ["INT", {"min": 64}],
                   "sampler": ["COMBO", {"options": ["euler", "ddim"]}], "cfg": ["FLOAT", {"min": 0.5, "max": 100}], "old": [["a"], {}],
                   "note": ["STRING"]}}}}""";

        // when
        ServerLimits limits =
                NodeTypes.parse(stream(types), workflow).limits(workflow, Set.of("sampler", "cfg", "old", "note"));

        // then
        assertThat(limits.width()).isEqualTo(NumberRange.between(64, 1024));
        assertThat(limits.height()).isNull();
        assertThat(limits.count()).isEqualTo(NumberRange.between(1, 2));
        assertThat(limits.seed()).isEqualTo(NumberRange.between(0, Long.MAX_VALUE));
        assertThat(limits.parameters())
                .containsOnly(
                        Map.entry("sampler", new JsonObject("{\"enum\": [\"euler\", \"ddim\"]}")),
                        Map.entry("cfg", new JsonObject("{\"type\": \"number\", \"minimum\": 0.5, \"maximum\": 100}")),
                        Map.entry("old", new JsonObject("{\"enum\": [\"a\"]}")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "[]", "{\"Encode\": {\"input\"", "<html>"})
    void rejectsABodyThatIsNoObject(String body) {
        assertThatThrownBy(() -> NodeTypes.parse(stream(body), template("Encode", "text")))
                .isInstanceOf(IOException.class);
    }

    @Test
    void ignoresTheInputsOfANodeThatAcceptsAny() throws IOException {
        WorkflowTemplate template = WorkflowTemplate.parse("flow.json", Buffer.buffer("""
                {"6": {"class_type": "Encode", "inputs": {"lora_1": "%prompt%"}, "_meta": {"title": "x", "darkroomAnyInput": true}}}"""), null);
        assertThat(NodeTypes.parse(stream(TYPES), template).findMissing(template))
                .isNull();
    }

    @Test
    void keepsOnlyTheTypesOfTheWorkflow() throws IOException {
        assertThat(NodeTypes.parse(stream(TYPES), template("Encode", "text")).inputsByType())
                .containsOnlyKeys("Encode");
    }

    private static String findMissing(String type, String input) throws IOException {
        WorkflowTemplate template = template(type, input);
        return NodeTypes.parse(stream(TYPES), template).findMissing(template);
    }

    private static WorkflowTemplate template(String type, String input) {
        return WorkflowTemplate.parse(
                "flow.json",
                Buffer.buffer("{\"6\": {\"class_type\": \"%s\", \"inputs\": {\"%s\": \"%%prompt%%\"}}}"
                        .formatted(type, input)),
                null);
    }

    private static ByteArrayInputStream stream(String text) {
        return new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
    }
}
