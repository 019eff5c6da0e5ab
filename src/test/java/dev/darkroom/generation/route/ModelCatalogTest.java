package dev.darkroom.generation.route;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.backend.NumberRange;
import dev.darkroom.backend.RequestLimits;
import dev.darkroom.backend.RequestLimits.ImageSize;
import dev.darkroom.config.BackendSettings;
import dev.darkroom.config.ModelSettings;
import dev.darkroom.config.ModelSettings.Target;
import dev.darkroom.config.TestSettings;
import java.util.List;
import org.junit.jupiter.api.Test;

class ModelCatalogTest {
    private static final BackendSettings LARGE = backend("large", 32_000, 2048, 10);
    private static final BackendSettings SMALL = backend("small", 300, 1024, 1);
    private static final ModelSettings BOTH = new ModelSettings(
            "both", "both", List.of(new Target("large", null, null), new Target("small", null, null)));
    private static final ModelSettings ONE = new ModelSettings("one", "one", List.of(new Target("large", null, null)));

    private final ModelCatalog catalog = TestModels.catalog(List.of(BOTH, ONE), List.of(LARGE, SMALL));

    private static BackendSettings backend(String name, int maxPromptLength, int maxSide, int maxCount) {
        return TestSettings.with(
                TestSettings.DEFAULTS.backend(),
                "name",
                name,
                "maxPromptLength",
                maxPromptLength,
                "maxSide",
                maxSide,
                "maxCount",
                maxCount);
    }

    private static RequestLimits limits(int maxPromptLength, int maxSide, int maxCount) {
        return new RequestLimits(
                maxPromptLength,
                NumberRange.between(64, maxSide),
                NumberRange.between(64, maxSide),
                List.of(),
                NumberRange.between(1, maxCount),
                NumberRange.between(0, Integer.MAX_VALUE),
                true);
    }

    @Test
    void limitsAreThoseThatEveryBackendOfTheModelAllows() {
        // then
        assertThat(catalog.limitsOf(BOTH)).isEqualTo(limits(300, 1024, 1));
        assertThat(catalog.limitsOf(ONE)).isEqualTo(limits(32_000, 2048, 10));
    }

    @Test
    void requestsWithoutAModelGetTheFirst() {
        // then
        assertThat(catalog.find(null)).contains(BOTH);
        assertThat(catalog.find("one")).contains(ONE);
        assertThat(catalog.find("other")).isEmpty();
    }

    @Test
    void sizesAreTheCommonOnesAndFormatsAreThoseOfAnyBackend() {
        // given
        BackendSettings square = TestSettings.with(
                LARGE, "name", "square", "sizes", List.of("1024x1024", "512x512"), "imageFormats", List.of("png"));
        BackendSettings wide = TestSettings.with(
                LARGE, "name", "wide", "sizes", List.of("1536x1024", "1024x1024"), "imageFormats", List.of("jpeg"));
        ModelSettings model = new ModelSettings(
                "m",
                "m",
                List.of(
                        new Target("square", null, null),
                        new Target("wide", null, null),
                        new Target("large", null, null)));
        ModelCatalog declared = TestModels.catalog(List.of(model), List.of(square, wide, LARGE));

        // then
        assertThat(declared.limitsOf(model).sizes()).containsExactly(new ImageSize(1024, 1024));
        assertThat(declared.imageFormatsOf(model)).containsExactly("image/png", "image/jpeg", "image/webp");
    }
}
