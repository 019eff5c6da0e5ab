package dev.darkroom.generation.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.backend.RequestLimits;
import dev.darkroom.config.Settings;
import dev.darkroom.config.TestSettings;
import dev.darkroom.generation.GenerationSpec;
import dev.darkroom.generation.json.GenerationSpecParser;
import io.vertx.core.json.JsonObject;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Comparison of requests with the same idempotency key. */
class IdempotencyKeyTest {
    private static final JsonObject SHORT = new JsonObject().put("prompt", "a lighthouse");

    private static Settings.Generation defaults(int side) {
        return TestSettings.with(
                TestSettings.DEFAULTS.generation(), "defaultWidth", side, "defaultHeight", side, "defaultCount", 2);
    }

    private static IdempotencyKey key(JsonObject request, int side, String model, long seed) {
        GenerationSpec spec = GenerationSpecParser.parse(request);
        return IdempotencyKey.forCreate("k", spec, spec.resolve(defaults(side), RequestLimits.NONE, model, () -> seed));
    }

    private static IdempotencyKey key(JsonObject request) {
        return key(request, 512, null, 1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'prompt':'a lighthouse','width':512}",
                "{'prompt':'a lighthouse','height':512,'count':2}",
                "{'width':512.0,'prompt':'a lighthouse'}",
                "{'prompt':'a lighthouse','priority':0}",
                "{'priority':0,'count':2,'height':512,'width':512,'prompt':'a lighthouse'}"
            })
    void matchesRequestThatStatesDefaults(String stated) {
        JsonObject request = new JsonObject(stated.replace('\'', '"'));

        assertThat(key(request).matches(key(SHORT).fingerprint())).isTrue();
        assertThat(key(SHORT).matches(key(request).fingerprint())).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'prompt':'a lighthouse','width':513}",
                "{'prompt':'a lighthouse','seed':1}",
                "{'prompt':'a lighthouse','priority':1}",
                "{'prompt':'a lighthouse','negativePrompt':'people'}",
                "{'prompt':'a lighthouse','metadata':{'a':'b'}}",
                "{'prompt':'a lighthouse','webhookUrl':'https://example.org'}",
                "{'prompt':'another'}"
            })
    void matchesNoOtherRequest(String other) {
        JsonObject request = new JsonObject(other.replace('\'', '"'));

        assertThat(key(request).matches(key(SHORT).fingerprint())).isFalse();
        assertThat(key(SHORT).matches(key(request).fingerprint())).isFalse();
    }

    @Test
    void matchesTheConfiguredModelWhetherItIsStatedOrNot() {
        JsonObject stated = SHORT.copy().put("model", "flux");

        assertThat(key(stated, 512, "flux", 1)
                        .matches(key(SHORT, 512, "flux", 2).fingerprint()))
                .isTrue();
    }

    @Test
    void matchesTheSameTextAfterDefaultsHaveChanged() {
        assertThat(key(SHORT, 1024, null, 1).matches(key(SHORT, 512, null, 2).fingerprint()))
                .isTrue();
    }

    @Test
    void matchesRetryOfTheSameGenerationOnly() {
        UUID id = UUID.randomUUID();
        String stored = IdempotencyKey.forRetry("k", id).fingerprint();

        assertThat(IdempotencyKey.forRetry("k", id).matches(stored)).isTrue();
        assertThat(IdempotencyKey.forRetry("k", UUID.randomUUID()).matches(stored))
                .isFalse();
        assertThat(key(SHORT).matches(stored)).isFalse();
    }

    @Test
    void parametersInAnyOrderAreEqual() {
        // given
        JsonObject one = SHORT.copy().put("parameters", new JsonObject("{\"steps\":1,\"style\":{\"a\":1,\"b\":2}}"));
        JsonObject other = SHORT.copy().put("parameters", new JsonObject("{\"style\":{\"b\":2,\"a\":1},\"steps\":1}"));

        // then
        assertThat(key(one).matches(key(other).fingerprint())).isTrue();
        assertThat(key(one).matches(key(SHORT).fingerprint())).isFalse();
    }
}
