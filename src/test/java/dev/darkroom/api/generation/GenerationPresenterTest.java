package dev.darkroom.api.generation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.generation.Attempt;
import dev.darkroom.generation.Generation;
import dev.darkroom.generation.TestGenerations;
import dev.darkroom.generation.json.GenerationJson;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.UUID;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GenerationPresenterTest {
    private static final Instant NOW = Instant.parse("2026-11-23T10:15:30.500Z");
    private static final String ID = "019a8c1e-9b21-7d10-8e4f-5a6b7c8d9e0f";

    private final GenerationPresenter presenter =
            new GenerationPresenter(() -> "https://images.example/darkroom", InstantSource.fixed(NOW));

    private JsonObject present(Generation generation, UnaryOperator<String> querySigner) {
        return new JsonObject(presenter.encode(generation, querySigner));
    }

    @Test
    void pendingGenerationHasTheFormOfTheEventBusWithoutItsOwner() {
        // given
        Generation pending = pending(Duration.ZERO);
        JsonObject expected = GenerationJson.toJson(pending);
        assertThat(expected.remove("user")).isEqualTo("ann");

        // then
        assertThat(present(pending, null)).isEqualTo(expected);
        assertThat(present(pending, null).encode()).isEqualTo(expected.encode());
    }

    @ParameterizedTest
    @CsvSource({"image/png, png", "image/jpeg, jpg", "image/webp, webp"})
    void buildsUrlsFromPublicUrlIdAndContentType(String contentType, String extension) {
        // given
        UUID second = UUID.randomUUID();
        Generation complete = TestGenerations.complete(
                TestGenerations.image(UUID.fromString(ID), contentType), TestGenerations.image(second, contentType));

        // when
        JsonObject presented = present(complete, name -> "signed=" + name.length());

        // then
        String url = "https://images.example/darkroom/images/" + ID + "." + extension + "?signed="
                + (ID.length() + 1 + extension.length());
        assertThat(presented.getJsonArray("imageUrls").getString(0)).isEqualTo(url);
        assertThat(presented.getJsonArray("imageUrls").getString(1))
                .endsWith("/" + second + "." + extension + "?signed=" + (ID.length() + 1 + extension.length()));
        assertThat(presented.getJsonArray("images").getJsonObject(0).getString("url"))
                .isEqualTo(url);
        assertThat(presented.getJsonArray("images").getJsonObject(0).fieldNames())
                .doesNotContain("id");
    }

    @ParameterizedTest
    @CsvSource({
        "PT0S, 1",
        "PT9S, 1",
        "PT19.9S, 1",
        "PT20S, 2",
        "PT5M, 30",
        "PT10M, 60",
        "PT15M, 60",
        "P30D, 60",
        // A clock that stepped backward.
        "PT-5S, 1",
        "P-1D, 1",
    })
    void retryAfterGrowsWithAge(Duration age, long seconds) {
        assertThat(presenter.retryAfterSeconds(pending(age))).isEqualTo(seconds);
    }

    @ParameterizedTest
    @CsvSource({
        "PT0.2S, 1",
        "PT1S, 2",
        "PT4.9S, 5",
        "PT58S, 59",
        "PT59S, 60",
        "PT10M, 60",
        "PT-1S, 1",
        "PT-1H, 1",
        "P30D, 60"
    })
    void retryAfterIsDueTimeOfNextAttempt(Duration wait, long seconds) {
        // given
        Generation generation = pending(Duration.ofMinutes(5), TestGenerations.failed(NOW.plus(wait)));

        // then
        assertThat(presenter.retryAfterSeconds(generation)).isEqualTo(seconds);
    }

    @Test
    void retryAfterIgnoresEarlierAttemptsWhileOneRuns() {
        // given
        Generation generation =
                pending(Duration.ofMinutes(1), TestGenerations.failed(NOW.plusSeconds(50)), TestGenerations.running());

        // then
        assertThat(presenter.retryAfterSeconds(generation)).isEqualTo(6);
    }

    private static Generation pending(Duration age, Attempt... attempts) {
        return TestGenerations.pending(NOW.minus(age), attempts);
    }
}
