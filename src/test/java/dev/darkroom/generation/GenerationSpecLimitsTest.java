package dev.darkroom.generation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.backend.BackendCapabilities;
import dev.darkroom.backend.InputLimits;
import dev.darkroom.backend.NumberRange;
import dev.darkroom.backend.RequestLimits;
import dev.darkroom.backend.StubImageBackend;
import dev.darkroom.config.BackendSettings;
import dev.darkroom.config.ModelSettings;
import dev.darkroom.config.ModelSettings.Target;
import dev.darkroom.config.Settings;
import dev.darkroom.config.TestSettings;
import dev.darkroom.eventbus.FieldError;
import dev.darkroom.generation.json.GenerationSpecParser;
import dev.darkroom.generation.route.ModelCatalog;
import io.vertx.core.json.JsonObject;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Requests at the limits of a model: those of its settings and those of its AI server. */
class GenerationSpecLimitsTest {
    private static final Settings.Generation SETTINGS = TestSettings.DEFAULTS.generation();
    private static final ModelSettings MODEL = new ModelSettings("m", "m", List.of(new Target("b", null, null)));
    private static final RequestLimits NO_FIELDS = RequestLimits.ofFields(false, false, false);

    private static ModelCatalog catalog(RequestLimits limits, String... sizes) {
        BackendSettings backend =
                TestSettings.with(TestSettings.DEFAULTS.backend(), "name", "b", "sizes", List.of(sizes));
        return new ModelCatalog(
                List.of(MODEL), List.of(new BackendCapabilities(backend, new StubImageBackend("b", limits), null)));
    }

    private static GenerationSpec spec(String fields) {
        return GenerationSpecParser.parse(new JsonObject("{\"prompt\":\"a pier\"" + fields + "}"));
    }

    private static List<FieldError> validate(String fields, ModelCatalog catalog) {
        return spec(fields).validate(catalog);
    }

    private static GenerationRequest resolve(String fields, ModelCatalog catalog) {
        return spec(fields).resolve(SETTINGS, catalog.limitsOf(MODEL), "m", () -> 42);
    }

    @Test
    void rejectsFieldsThatAreNotSent() {
        // given
        ModelCatalog catalog = catalog(NO_FIELDS);

        // then
        assertThat(validate(",\"seed\":1,\"negativePrompt\":\"text\",\"count\":2", catalog))
                .containsExactlyInAnyOrder(
                        new FieldError("#/seed", "is not supported by the model m"),
                        new FieldError("#/negativePrompt", "is not supported by the model m"),
                        new FieldError("#/count", "must be between 1 and 1"));
        assertThat(validate("", catalog)).isEmpty();
        assertThat(resolve("", catalog).seed()).isEqualTo(42);
    }

    @Test
    void aRetryWithoutASentSeedIsAccepted() {
        // given
        ModelCatalog catalog = catalog(NO_FIELDS);

        // when
        GenerationSpec repeated = GenerationSpec.repeat(resolve("", catalog), catalog);

        // then
        assertThat(repeated.validate(catalog)).isEmpty();
    }

    @Test
    void acceptsOnlyTheSizesOfTheModel() {
        // given
        ModelCatalog catalog = catalog(RequestLimits.NONE, "1024x1024", "1536x1024", "1024x1536");
        String expected = "must be that of a size of the model: 1024x1024, 1536x1024, 1024x1536";

        // then
        assertThat(validate("", catalog)).isEmpty();
        assertThat(validate(",\"width\":1536", catalog)).isEmpty();
        assertThat(validate(",\"width\":1536,\"height\":1536", catalog))
                .containsExactly(new FieldError("#/width", expected));
        assertThat(validate(",\"height\":512", catalog)).containsExactly(new FieldError("#/height", expected));
        assertThat(validate(",\"width\":4096", catalog))
                .containsExactly(new FieldError("#/width", "must be between 64 and 2048"));
    }

    @Test
    void aMissingSideIsThatOfTheFirstFittingSize() {
        // given
        ModelCatalog catalog = catalog(RequestLimits.NONE, "1024x1024", "1536x1024", "1024x1536");

        // then
        assertThat(resolve("", catalog)).extracting("width", "height").containsExactly(1024, 1024);
        assertThat(resolve(",\"width\":1536", catalog))
                .extracting("width", "height")
                .containsExactly(1536, 1024);
        assertThat(resolve(",\"height\":1536", catalog))
                .extracting("width", "height")
                .containsExactly(1024, 1536);
    }

    @Test
    void defaultsAreMovedWithinTheLimits() {
        // given
        NumberRange sides = NumberRange.of(List.of(768L, 1024L));
        ModelCatalog catalog = catalog(new RequestLimits(
                100,
                sides,
                NumberRange.between(600, 700),
                List.of(),
                NumberRange.between(2, 3),
                NumberRange.of(List.of(5L)),
                true));

        // when
        GenerationRequest request = resolve("", catalog);

        // then
        assertThat(List.of(request.width(), request.height(), request.count())).containsExactly(768, 600, 2);
        assertThat(request.seed()).isEqualTo(5);
        assertThat(Set.copyOf(validate(",\"width\":800,\"seed\":6", catalog)))
                .containsExactlyInAnyOrder(
                        new FieldError("#/width", "must be one of 768, 1024"),
                        new FieldError("#/seed", "must be one of 5"));
    }

    private static final String IMAGE = "{\"url\":\"https://example.org/a.png\"}";

    private static String inputs(int count, boolean mask) {
        return ",\"inputImages\":[" + String.join(",", Collections.nCopies(count, IMAGE)) + "]"
                + (mask ? ",\"mask\":" + IMAGE : "");
    }

    @Test
    void rejectsInputImagesOfModelsWithoutThem() {
        assertThat(validate(inputs(1, true), catalog(RequestLimits.NONE)))
                .containsExactly(
                        new FieldError("#/inputImages", "is not supported by the model m"),
                        new FieldError("#/mask", "is not supported by the model m"));
    }

    @Test
    void limitsTheNumberOfInputImages() {
        // given
        ModelCatalog catalog = catalog(RequestLimits.NONE.withInputs(InputLimits.upTo(2, false)));

        // then
        assertThat(validate("", catalog)).isEmpty();
        assertThat(validate(inputs(2, false), catalog)).isEmpty();
        assertThat(validate(inputs(3, true), catalog))
                .containsExactly(
                        new FieldError("#/mask", "is not supported by the model m"),
                        new FieldError("#/inputImages", "must have at most 2 images"));
    }

    @Test
    void requiresTheInputImagesOfTheModel() {
        // given
        ModelCatalog catalog = catalog(RequestLimits.NONE.withInputs(InputLimits.exactly(1, true)));

        // then
        assertThat(validate(inputs(1, true), catalog)).isEmpty();
        assertThat(validate("", catalog))
                .containsExactly(
                        new FieldError("#/inputImages", "must have exactly 1 image"),
                        new FieldError("#/mask", "is required by the model"));
    }

    @Test
    void rejectsAMaskWithoutAnImage() {
        ModelCatalog catalog = catalog(RequestLimits.NONE.withInputs(InputLimits.upTo(4, true)));
        assertThat(validate(",\"mask\":" + IMAGE, catalog))
                .containsExactly(new FieldError("#/mask", "must not be present without inputImages"));
    }
}
