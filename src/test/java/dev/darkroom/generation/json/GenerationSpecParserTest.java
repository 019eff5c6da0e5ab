package dev.darkroom.generation.json;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.backend.InputImages;
import dev.darkroom.backend.RequestLimits;
import dev.darkroom.config.BackendSettings;
import dev.darkroom.config.Settings;
import dev.darkroom.config.TestSettings;
import dev.darkroom.eventbus.FieldError;
import dev.darkroom.eventbus.InvalidCommandException;
import dev.darkroom.generation.GenerationRequest;
import dev.darkroom.generation.route.ModelCatalog;
import dev.darkroom.generation.route.TestModels;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Validation and defaults of generation requests. */
class GenerationSpecParserTest {
    private static final Settings.Generation SETTINGS =
            TestSettings.with(TestSettings.DEFAULTS.generation(), "defaultHeight", 384, "defaultCount", 2);
    private static final BackendSettings CONTRACT = TestSettings.DEFAULTS.backend();

    private static BackendSettings limits(int promptLength, int side, int count) {
        return TestSettings.with(
                TestSettings.DEFAULTS.backend(), "maxPromptLength", promptLength, "maxSide", side, "maxCount", count);
    }

    private static List<FieldError> check(JsonObject request) {
        return check(request, CONTRACT, null);
    }

    /** Returns all errors of a command on the event bus: of types and of values. */
    private static List<FieldError> check(JsonObject request, BackendSettings limits, String model) {
        try {
            ModelCatalog catalog = TestModels.catalog(limits, model);
            return GenerationCommandJson.parseRequest(request, catalog).validate(catalog);
        } catch (InvalidCommandException e) {
            return e.errors();
        }
    }

    private static JsonObject prompt(Object prompt) {
        return new JsonObject().put("prompt", prompt);
    }

    private static JsonObject with(String field, Object value) {
        return prompt("a lighthouse").put(field, value);
    }

    private static FieldError error(String pointer, String detail) {
        return new FieldError(pointer, detail);
    }

    @Test
    void acceptsPromptOnly() {
        assertThat(check(prompt("a lighthouse"))).isEmpty();
    }

    @Test
    void acceptsAllFields() {
        // given
        JsonObject request = prompt("a lighthouse")
                .put("negativePrompt", "people")
                .put("width", 64)
                .put("height", 2048)
                .put("count", 4)
                .put("seed", 2147483647L)
                .put("model", "flux")
                .put("metadata", new JsonObject().put("project", "harbour"));

        // then
        assertThat(check(request, CONTRACT, "flux")).isEmpty();
    }

    @Test
    void reportsEveryError() {
        // when
        List<FieldError> errors = check(new JsonObject().put("width", 1).put("count", "two"));

        // then
        assertThat(errors)
                .containsExactlyInAnyOrder(
                        error("#/prompt", "is required"),
                        error("#/width", "must be between 64 and 2048"),
                        error("#/count", "must be an integer"));
    }

    @Test
    void rejectsMalformedPrompt() {
        assertThat(check(prompt(null))).containsExactly(error("#/prompt", "must be a string"));
        assertThat(check(prompt(7))).containsExactly(error("#/prompt", "must be a string"));
        assertThat(check(prompt(""))).containsExactly(error("#/prompt", "must not be blank"));
        assertThat(check(prompt(" \n\t"))).containsExactly(error("#/prompt", "must not be blank"));
        assertThat(check(prompt("a\0b"))).containsExactly(error("#/prompt", "must be well-formed text without NUL"));
        assertThat(check(prompt("a\ud83d"))).containsExactly(error("#/prompt", "must be well-formed text without NUL"));
        assertThat(check(prompt("\udca1b"))).containsExactly(error("#/prompt", "must be well-formed text without NUL"));
        assertThat(check(with("negativePrompt", " "))).containsExactly(error("#/negativePrompt", "must not be blank"));
        assertThat(check(with("negativePrompt", new JsonArray())))
                .containsExactly(error("#/negativePrompt", "must be a string"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\u200b",
                "\u200b\u200d\ufeff",
                "\u00ad",
                "\u2060 \u2063",
                "\u202e\u202c",
                "\u3164",
                "\uffa0",
                "\u115f\u1160",
                "\u2800",
                "\ufe0f",
                "\udb40\udd00",
                "\udb40\udc41",
                "\u034f",
                "\u180e",
                "\u0001\u0007",
                "\u00a0",
                "\uffff"
            })
    void rejectsTextWithoutVisibleCharacter(String invisible) {
        assertThat(check(prompt(invisible))).containsExactly(error("#/prompt", "must have a visible character"));
        assertThat(check(with("negativePrompt", invisible + " ")))
                .containsExactly(error("#/negativePrompt", "must have a visible character"));
        assertThat(check(prompt(invisible + "a"))).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a",
                "\u9f8d",
                "\ud83d\udc08",
                "\u200d\ud83d\udc69\u200d\ud83d\ude80",
                "?",
                "\u0e01\u0e33",
                "\ue000"
            })
    void acceptsTextWithVisibleCharacter(String visible) {
        assertThat(check(prompt(visible))).isEmpty();
    }

    @Test
    void measuresPromptsInCodePoints() {
        // given characters that take two chars each
        assertThat(check(prompt("🗼".repeat(32_000)))).isEmpty();
        assertThat(check(prompt("🗼".repeat(32_001))))
                .containsExactly(error("#/prompt", "must be at most 32000 characters long"));
        assertThat(check(with("negativePrompt", "x".repeat(32_001))))
                .containsExactly(error("#/negativePrompt", "must be at most 32000 characters long"));
    }

    @ParameterizedTest
    @CsvSource({"width, 64, 2048", "height, 64, 2048", "count, 1, 10", "seed, 0, 2147483647", "priority, -10, 10"})
    void rejectsNumberOutOfRange(String field, long min, long max) {
        // given
        FieldError outside = error("#/" + field, "must be between " + min + " and " + max);

        // then
        assertThat(check(with(field, min))).isEmpty();
        assertThat(check(with(field, max))).isEmpty();
        assertThat(check(with(field, min - 1))).containsExactly(outside);
        assertThat(check(with(field, max + 1))).containsExactly(outside);
        assertThat(check(with(field, 1e300))).containsExactly(outside);
    }

    @ParameterizedTest
    @ValueSource(strings = {"width", "height", "count", "seed", "priority"})
    void rejectsFractionalNumber(String field) {
        // given
        FieldError notWhole = error("#/" + field, "must be an integer");

        // then
        assertThat(check(with(field, 100.5))).containsExactly(notWhole);
        assertThat(check(with(field, "100"))).containsExactly(notWhole);
        assertThat(check(with(field, null))).containsExactly(notWhole);
        assertThat(check(with(field, true))).containsExactly(notWhole);
        assertThat(check(with(field, Double.NaN))).containsExactly(notWhole);
        assertThat(check(with(field, Double.POSITIVE_INFINITY))).containsExactly(notWhole);
    }

    @Test
    void acceptsIntegerWithDecimalPoint() {
        // given JSON knows one kind of number
        JsonObject request = with("width", 100.0);

        // then
        assertThat(check(request)).isEmpty();
        assertThat(GenerationSpecParser.parse(request)
                        .resolve(SETTINGS, RequestLimits.NONE, null, () -> 1)
                        .width())
                .isEqualTo(100);
    }

    @Test
    void acceptsSixteenInputImages() {
        // given
        JsonArray images = new JsonArray();
        for (int i = 0; i < 16; i++) {
            images.add(new JsonObject().put("url", "https://images.example.org/" + i));
        }

        // then
        assertThat(GenerationSpecParser.parse(with("inputImages", images))
                        .inputs()
                        .images())
                .hasSize(16);
        assertThat(check(with("inputImages", images.copy().add(images.getValue(0)))))
                .contains(error("#/inputImages", "must have 1 to 16 images"));
    }

    @Test
    void appliesTighterLimitsOfTheOperator() {
        // given
        BackendSettings tight = limits(5, 600, 1);
        JsonObject request =
                prompt("123456").put("width", 601).put("height", 600).put("count", 2);

        // when
        List<FieldError> errors = check(request, tight, null);

        // then
        assertThat(errors)
                .containsExactlyInAnyOrder(
                        error("#/prompt", "must be at most 5 characters long"),
                        error("#/width", "must be between 64 and 600"),
                        error("#/count", "must be between 1 and 1"));
    }

    @Test
    void acceptsOnlyTheConfiguredModel() {
        // given
        JsonObject other = with("model", "sdxl");

        // then
        assertThat(check(other, CONTRACT, "flux"))
                .containsExactly(error("#/model", "is not a known model; known are flux"));
        assertThat(check(with("model", 7), CONTRACT, "flux"))
                .containsExactly(error("#/model", "is not a known model; known are flux"));
        assertThat(check(with("model", null), CONTRACT, "flux"))
                .containsExactly(error("#/model", "is not a known model; known are flux"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"flux", "null", ""})
    void rejectsModelWithoutConfiguredModel(String model) {
        assertThat(check(with("model", model)))
                .containsExactly(error("#/model", "is not a known model; no model may be chosen here"));
    }

    @Test
    void limitsMetadataEntries() {
        // given
        JsonObject sixteen = new JsonObject();
        for (int i = 0; i < 16; i++) {
            sixteen.put("key" + i, "");
        }
        JsonObject seventeen = sixteen.copy().put("another", "");

        // then
        assertThat(check(with("metadata", sixteen))).isEmpty();
        assertThat(check(with("metadata", seventeen)))
                .containsExactly(error("#/metadata", "must have at most 16 entries"));
        assertThat(check(with("metadata", "text"))).containsExactly(error("#/metadata", "must be an object"));
        assertThat(check(with("metadata", null))).containsExactly(error("#/metadata", "must be an object"));
    }

    @Test
    void rejectsMetadataThatCannotBeStored() {
        // given
        FieldError unfit = error("#/metadata", "must hold only well-formed strings without NUL");

        // then
        assertThat(check(with("metadata", new JsonObject().put("a", 1)))).containsExactly(unfit);
        assertThat(check(with("metadata", new JsonObject().put("a", null)))).containsExactly(unfit);
        assertThat(check(with("metadata", new JsonObject().put("a", "\0")))).containsExactly(unfit);
        assertThat(check(with("metadata", new JsonObject().put("\ud800", "a")))).containsExactly(unfit);
    }

    @Test
    void limitsMetadataLengths() {
        // given
        FieldError tooLong = error("#/metadata", "must have keys of 1 to 64 and values of at most 512 characters");

        // then
        assertThat(check(with("metadata", new JsonObject().put("🗼".repeat(64), "🗼".repeat(512)))))
                .isEmpty();
        assertThat(check(with("metadata", new JsonObject().put("k".repeat(65), "v"))))
                .containsExactly(tooLong);
        assertThat(check(with("metadata", new JsonObject().put("", "v")))).containsExactly(tooLong);
        assertThat(check(with("metadata", new JsonObject().put("k", "v".repeat(513)))))
                .containsExactly(tooLong);
    }

    @ParameterizedTest
    @CsvSource({"steps, #/steps", "Prompt, #/Prompt", "a/b~c, #/a~1b~0c", "a b, #/a%20b"})
    void rejectsUnknownFields(String field, String pointer) {
        assertThat(check(with(field, 30))).containsExactly(error(pointer, "is not a known field"));
    }

    @Test
    void appliesDefaults() {
        // when
        GenerationRequest request = GenerationSpecParser.parse(prompt("a lighthouse"))
                .resolve(SETTINGS, RequestLimits.NONE, "flux", () -> 42);

        // then
        assertThat(request)
                .isEqualTo(new GenerationRequest(
                        "a lighthouse", null, 512, 384, 2, 42, "flux", null, null, InputImages.NONE, 0));
    }

    @Test
    void keepsRequestedValues() {
        // given
        Map<String, String> metadata = Map.of("project", "harbour");
        JsonObject asked = prompt("a lighthouse")
                .put("negativePrompt", "people")
                .put("width", 320)
                .put("height", 200)
                .put("count", 3)
                .put("seed", 7)
                .put("metadata", new JsonObject().put("project", "harbour"))
                .put("priority", -3);

        // when
        GenerationRequest request =
                GenerationSpecParser.parse(asked).resolve(SETTINGS, RequestLimits.NONE, null, () -> 42);

        // then
        assertThat(request)
                .isEqualTo(new GenerationRequest(
                        "a lighthouse", "people", 320, 200, 3, 7, null, metadata, null, InputImages.NONE, -3));
    }
}
