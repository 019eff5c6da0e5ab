package dev.darkroom.backend.comfyui;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.darkroom.backend.ParametersSchema;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Checks of a workflow file and replacement of its placeholders. */
class WorkflowTemplateTest {
    private static final Map<WorkflowPlaceholder, Object> VALUES = Map.of(
            WorkflowPlaceholder.PROMPT,
            "a \"fox\" with %seed% and $1\\",
            WorkflowPlaceholder.NEGATIVE_PROMPT,
            "",
            WorkflowPlaceholder.SEED,
            7L,
            WorkflowPlaceholder.WIDTH,
            512,
            WorkflowPlaceholder.HEIGHT,
            384,
            WorkflowPlaceholder.COUNT,
            2,
            WorkflowPlaceholder.JOB,
            "job-1");

    @Test
    void sampleWorkflowUsesEveryPlaceholder() {
        // when
        WorkflowTemplate template = WorkflowTemplate.load(Path.of("conf/examples/comfyui-workflow.json"), null);

        // then
        assertThat(template.placeholders())
                .isEqualTo(EnumSet.range(WorkflowPlaceholder.PROMPT, WorkflowPlaceholder.JOB));
        assertThat(template.inputImages()).isZero();
    }

    @Test
    void sampleEditWorkflowNeedsAnImageAndAMask() {
        // when
        WorkflowTemplate template = WorkflowTemplate.load(Path.of("conf/examples/comfyui-edit-workflow.json"), null);

        // then
        assertThat(template.inputImages()).isEqualTo(1);
        assertThat(template.placeholders()).contains(WorkflowPlaceholder.INPUT_IMAGE_1, WorkflowPlaceholder.MASK);
    }

    @ParameterizedTest
    @CsvSource({
        "%input_image_2%, '%input_image_2% without %input_image_1%'",
        "%input_image_1% %input_image_3%, '%input_image_3% without %input_image_2%'",
        "%mask%, '%mask% without %input_image_1%'",
        "%input_image_9%, 'unknown placeholder %input_image_9%'"
    })
    void rejectsGapsInTheInputImages(String text, String message) {
        String workflow =
                "{\"1\": {\"class_type\": \"A\", \"inputs\": {\"text\": \"%prompt%\", \"image\": \"" + text + "\"}}}";
        assertThatThrownBy(() -> WorkflowTemplate.parse("w.json", Buffer.buffer(workflow), null))
                .isInstanceOf(InvalidWorkflowException.class)
                .hasMessageEndingWith(message);
    }

    @Test
    void replacesAPlaceholderWithATypedValue() {
        // given
        WorkflowTemplate template = parse("""
                {"1": {"class_type": "A", "_meta": {"title": "%prompt%"}, "inputs": {"text": "%prompt%", "seed": "%seed%",
                 "width": "%width%", "link": ["2", 0], "cfg": 7.5, "nested": {"list": ["%count%", "x"]}, "negative": "%negative_prompt%"}}}""");

        // when
        JsonObject node = template.render(VALUES, null).getJsonObject("1");

        // then
        assertThat(node.getJsonObject("inputs"))
                .isEqualTo(new JsonObject()
                        .put("text", VALUES.get(WorkflowPlaceholder.PROMPT))
                        .put("seed", 7L)
                        .put("width", 512)
                        .put("link", new JsonArray().add("2").add(0))
                        .put("cfg", 7.5)
                        .put(
                                "nested",
                                new JsonObject()
                                        .put("list", new JsonArray().add(2).add("x")))
                        .put("negative", ""));
        assertThat(node.getString("class_type")).isEqualTo("A");
        assertThat(node.getJsonObject("_meta").getString("title")).isEqualTo("%prompt%");
    }

    @Test
    void replacesAPlaceholderInsideALongerTextOnce() {
        // given
        WorkflowTemplate template = parse("""
                {"1": {"class_type": "A", "inputs": {"text": "photo of %prompt%, %width%x%height%", "name": "%job%_%year%-%month%_%batch_num%_100%",
                 "date": "%date:yyyy%"}}}""");

        // when
        JsonObject inputs = template.render(VALUES, null).getJsonObject("1").getJsonObject("inputs");

        // then
        assertThat(inputs.getString("text")).isEqualTo("photo of a \"fox\" with %seed% and $1\\, 512x384");
        assertThat(inputs.getString("name")).isEqualTo("job-1_%year%-%month%_%batch_num%_100%");
        assertThat(inputs.getString("date")).isEqualTo("%date:yyyy%");
    }

    @Test
    void renderingDoesNotChangeTheTemplate() {
        WorkflowTemplate template = parse("{\"1\": {\"class_type\": \"A\", \"inputs\": {\"text\": \"%prompt%\"}}}");
        JsonObject first = template.render(VALUES, null);
        first.getJsonObject("1").put("class_type", "B");
        assertThat(template.render(VALUES, null).getJsonObject("1").getString("class_type"))
                .isEqualTo("A");
    }

    @Test
    void replacesAPlaceholderByAParameterOrItsDefault() {
        // given
        WorkflowTemplate template = WorkflowTemplate.parse("flow.json", Buffer.buffer("""
                {"1": {"class_type": "A", "inputs": {"text": "%prompt%", "steps": "%steps%", "name": "%style_2% at %steps%", "on": "%tiled%"}}}"""), schema("""
                {"steps": {"type": "integer", "default": 20}, "style_2": {"type": "string"}, "tiled": {"type": "boolean", "default": false}}"""));

        // when
        JsonObject inputs = template.render(
                        VALUES, new JsonObject().put("style_2", "%steps% $1").put("tiled", true))
                .getJsonObject("1")
                .getJsonObject("inputs");

        // then
        assertThat(inputs.getInteger("steps")).isEqualTo(20);
        assertThat(inputs.getString("name")).isEqualTo("%steps% $1 at 20");
        assertThat(inputs.getBoolean("on")).isTrue();
    }

    @ParameterizedTest
    @MethodSource("unusableParameters")
    void rejectsParametersWithoutAPlaceholderOrAValue(String properties, String message) {
        assertThatThrownBy(() -> WorkflowTemplate.parse("flow.json", Buffer.buffer("""
                {"1": {"class_type": "A", "inputs": {"text": "%prompt%", "steps": "%steps%"}}}"""), schema(properties)))
                .isInstanceOf(InvalidWorkflowException.class)
                .hasMessageContaining(message);
    }

    static Stream<Arguments> unusableParameters() {
        return Stream.of(
                Arguments.of("{\"steps\": {\"type\": \"integer\"}}", "\"steps\": expected a default"),
                Arguments.of(
                        "{\"steps\": {\"type\": \"array\", \"default\": []}}", "\"steps\": expected the type string"),
                Arguments.of("{\"steps\": {\"default\": 1}}", "\"steps\": expected the type string"),
                Arguments.of(
                        "{\"steps\": {\"type\": \"integer\", \"default\": 1}, \"cfg\": {\"type\": \"number\", \"default\": 1}}",
                        "\"cfg\": the workflow has no placeholder %cfg%"),
                Arguments.of("{}", "unknown placeholder %steps%"));
    }

    /** Returns a schema with these properties, of which {@code style_2} is required. */
    private static ParametersSchema schema(String properties) {
        return ParametersSchema.parse(
                "p.json",
                Buffer.buffer(
                        "{\"type\": \"object\", \"required\": [\"style_2\"], \"properties\": " + properties + "}"),
                ComfyUiBackend.RESERVED);
    }

    @ParameterizedTest
    @MethodSource("invalidWorkflows")
    void rejectsAWorkflowWithTheFileAndTheNode(String json, String message) {
        assertThatThrownBy(() -> parse(json))
                .isInstanceOf(InvalidWorkflowException.class)
                .hasMessageStartingWith("workflow flow.json: ")
                .hasMessageContaining(message);
    }

    static Stream<Arguments> invalidWorkflows() {
        return Stream.of(
                Arguments.of(
                        "{\"1\": {\"class_type\": \"A\", \"inputs\": {\"text\": \"x\"}}}",
                        "no node has an input with %prompt%"),
                Arguments.of(
                        "{\"6\": {\"class_type\": \"CLIPTextEncode\", \"inputs\": {\"text\": \"a %promt%\"}}}",
                        "node \"6\" (CLIPTextEncode), input \"text\": unknown placeholder %promt%"),
                Arguments.of(
                        "{\"6\": {\"class_type\": \"A\"}}", "node \"6\" is not an object with class_type and inputs"),
                Arguments.of("{\"6\": []}", "node \"6\" is not"),
                Arguments.of("{\"nodes\": [], \"links\": []}", "export the workflow in the API format"),
                Arguments.of("[]", "not a JSON object"),
                Arguments.of("{\"6\"", "not valid JSON"),
                Arguments.of("", "not valid JSON"));
    }

    @Test
    void rejectsAMissingSetting() {
        assertThatThrownBy(() -> WorkflowTemplate.load(null, null)).isInstanceOf(InvalidWorkflowException.class);
    }

    @Test
    void rejectsAMissingFile(@TempDir Path directory) {
        Path file = directory.resolve("none.json");
        assertThatThrownBy(() -> WorkflowTemplate.load(file, null))
                .isInstanceOf(InvalidWorkflowException.class)
                .hasMessageContaining(file.toString());
    }

    private static WorkflowTemplate parse(String json) {
        return WorkflowTemplate.parse("flow.json", Buffer.buffer(json), null);
    }
}
