package dev.darkroom.api.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.darkroom.api.openai.OpenAiImageRequest.ResponseFormat;
import dev.darkroom.api.openai.error.OpenAiError;
import dev.darkroom.api.openai.error.OpenAiRequestException;
import dev.darkroom.backend.RequestLimits;
import dev.darkroom.generation.GenerationResult.ModelLimits;
import dev.darkroom.generation.GenerationResult.ModelList;
import dev.darkroom.generation.GenerationSpec;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OpenAiImageRequestParserTest {
    private static final JsonObject CLOSED = new JsonObject("""
            {"type": "object", "properties": {"quality": {}, "output_format": {}, "steps": {}}, "additionalProperties": false}""");
    private static final JsonObject OPEN = new JsonObject("{\"type\": \"object\", \"additionalProperties\": true}");

    private static ModelLimits model(String name, JsonObject schema, String... formats) {
        return new ModelLimits(name, "first".equals(name), RequestLimits.NONE, List.of(formats), schema);
    }

    private static ModelLimits promptOnly() {
        return new ModelLimits(
                "prompt-only", false, RequestLimits.ofFields(true, false, false), List.of("image/png"), null);
    }

    private static final ModelList MODELS = new ModelList(
            "mary",
            List.of(
                    model("first", CLOSED, "image/png", "image/jpeg"),
                    promptOnly(),
                    model("none", null, "image/jpeg"),
                    model("open", OPEN, "image/png"),
                    model(
                            "both",
                            new JsonObject()
                                    .put("allOf", new JsonArray().add(CLOSED).add(OPEN)),
                            "image/png")));

    private static OpenAiImageRequest parse(String json) {
        return OpenAiImageRequestParser.parse(new JsonObject(json), MODELS);
    }

    private static OpenAiError errorOf(String json) {
        return catchError(json, MODELS);
    }

    private static OpenAiError catchError(String json, ModelList models) {
        return assertThatExceptionOfType(OpenAiRequestException.class)
                .isThrownBy(() -> OpenAiImageRequestParser.parse(new JsonObject(json), models))
                .actual()
                .error();
    }

    @Test
    void readsEveryField() {
        // when
        OpenAiImageRequest request = parse("""
                {"prompt": "a pier", "model": "first", "n": 3, "size": "640x480", "response_format": "url", "user": "mary",
                 "seed": 7, "negative_prompt": "fog", "quality": "high", "steps": 20}""");

        // then
        GenerationSpec spec = request.spec();
        assertThat(spec.prompt()).isEqualTo("a pier");
        assertThat(spec.model()).isEqualTo("first");
        assertThat(spec.count()).isEqualTo(3);
        assertThat(spec.width()).isEqualTo(640);
        assertThat(spec.height()).isEqualTo(480);
        assertThat(spec.metadata()).isEqualTo(Map.of("user", "mary"));
        assertThat(spec.seed()).isEqualTo(7);
        assertThat(spec.negativePrompt()).isEqualTo("fog");
        assertThat(spec.parameters())
                .isEqualTo(new JsonObject().put("quality", "high").put("steps", 20));
        assertThat(request.responseFormat()).isEqualTo(ResponseFormat.URL);
    }

    @Test
    void appliesTheDefaultsOfOpenAi() {
        // when
        OpenAiImageRequest request = parse("""
                {"prompt": "a pier", "model": null, "n": null, "size": "auto", "quality": "auto", "stream": null}""");

        // then
        assertThat(request.spec().model()).isNull();
        assertThat(request.spec().count()).isEqualTo(1);
        assertThat(request.spec().width()).isNull();
        assertThat(request.spec().metadata()).isNull();
        assertThat(request.spec().parameters()).isNull();
        assertThat(request.responseFormat()).isEqualTo(ResponseFormat.B64_JSON);
        assertThat(request.stream()).isFalse();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "none | 'quality': 'auto'",
                "none | 'quality': 'standard'",
                "none | 'output_format': 'jpeg'",
                "none | 'output_compression': 100",
                "none | 'background': 'auto'",
                "none | 'moderation': 'auto'"
            })
    void omitsValuesWithoutEffect(String model, String member) {
        assertThat(parse("{\"prompt\": \"a\", \"model\": \"" + model + "\", " + member.replace('\'', '"') + "}")
                        .spec()
                        .parameters())
                .isNull();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "prompt-only | seed | 7 | unsupported_parameter",
                "prompt-only | negative_prompt | 'fog' | unsupported_parameter",
                "none | quality | 'high' | unsupported_parameter",
                "none | output_format | 'png' | unsupported_parameter",
                "none | output_compression | 50 | unsupported_parameter",
                "none | style | 'vivid' | unsupported_parameter",
                "none | moderation | 'low' | unsupported_parameter",
                "none | steps | 20 | unknown_parameter",
                "none | steps | 'auto' | unknown_parameter",
                "first | background | 'opaque' | unsupported_parameter",
                "first | parameters | {} | unknown_parameter",
                "both | cfg | 7 | unknown_parameter"
            })
    void rejectsParametersThatTheModelDoesNotHave(String model, String name, String value, String code) {
        // when
        OpenAiError error = errorOf("{\"prompt\": \"a\", \"model\": \"" + model + "\", \"" + name + "\": "
                + value.replace('\'', '"') + "}");

        // then
        assertThat(error.status()).isEqualTo(400);
        assertThat(error.code()).isEqualTo(code);
        assertThat(error.param()).isEqualTo(name);
    }

    @Test
    void sendsParametersOfOpenSchemas() {
        assertThat(parse("{\"prompt\": \"a\", \"model\": \"open\", \"cfg\": 7}")
                        .spec()
                        .parameters())
                .isEqualTo(new JsonObject().put("cfg", 7));
        assertThat(parse("{\"prompt\": \"a\", \"model\": \"both\", \"steps\": 7}")
                        .spec()
                        .parameters())
                .isEqualTo(new JsonObject().put("steps", 7));
    }

    @Test
    void rejectsUnknownModel() {
        // when
        OpenAiError error = errorOf("{\"prompt\": \"a\", \"model\": \"dall-e-2\"}");

        // then
        assertThat(error.status()).isEqualTo(404);
        assertThat(error.code()).isEqualTo("model_not_found");
        assertThat(error.message()).startsWith("The model 'dall-e-2' does not exist. Known are first, prompt-only");
    }

    @Test
    void namesTheOnlyModelDefaultWhenTheSettingsNameNone() {
        // given
        ModelList unnamed = new ModelList(
                "mary", List.of(new ModelLimits(null, true, RequestLimits.NONE, List.of("image/png"), null)));

        // then
        assertThat(OpenAiImageRequestParser.parse(new JsonObject("{\"prompt\": \"a\"}"), unnamed)
                        .spec()
                        .model())
                .isNull();
        assertThat(OpenAiImageRequestParser.parse(
                                new JsonObject("{\"prompt\": \"a\", \"model\": \"default\"}"), unnamed)
                        .spec()
                        .model())
                .isNull();
        assertThat(catchError("{\"prompt\": \"a\", \"model\": \"x\"}", unnamed).code())
                .isEqualTo("model_not_found");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"1024", "1024x", "x1024", "0x64", "-1x64", "1024X1024", "1024x1024x1", "9999999x1", " 64x64"})
    void rejectsMalformedSize(String size) {
        assertThat(errorOf("{\"prompt\": \"a\", \"size\": \"" + size + "\"}").param())
                .isEqualTo("size");
    }

    @Test
    void rejectsUrlsInAStream() {
        assertThat(errorOf("{\"prompt\": \"a\", \"stream\": true, \"response_format\": \"url\"}")
                        .param())
                .isEqualTo("response_format");
        assertThat(errorOf("{\"prompt\": \"a\", \"partial_images\": 1}").param())
                .isEqualTo("partial_images");
    }
}
