package dev.darkroom.api.generation;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GenerationPresenterTest {
    private static final Instant NOW = Instant.parse("2026-11-23T10:15:30.500Z");
    private static final String ID = "019a8c1e-9b21-7d10-8e4f-5a6b7c8d9e0f";

    private final GenerationPresenter presenter =
            new GenerationPresenter(() -> "https://images.example/darkroom", InstantSource.fixed(NOW));

    @Test
    void leavesPendingGenerationUnchanged() {
        // given
        JsonObject pending = pending(Duration.ZERO);

        // then
        assertThat(presenter.present(pending.copy(), null)).isEqualTo(pending);
    }

    @ParameterizedTest
    @CsvSource({"image/png, png", "image/jpeg, jpg", "image/webp, webp"})
    void buildsUrlsFromPublicUrlIdAndContentType(String contentType, String extension) {
        // given
        JsonObject complete = new JsonObject()
                .put("status", "COMPLETE")
                .put("images", new JsonArray().add(image(ID, contentType)).add(image("second", contentType)));

        // when
        JsonObject presented = presenter.present(complete, name -> "signed=" + name.length());

        // then
        String url = "https://images.example/darkroom/images/" + ID + "." + extension + "?signed="
                + (ID.length() + 1 + extension.length());
        assertThat(presented.getJsonArray("imageUrls").getString(0)).isEqualTo(url);
        assertThat(presented.getJsonArray("imageUrls").getString(1))
                .endsWith("/second." + extension + "?signed=" + ("second.".length() + extension.length()));
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
        JsonObject generation = pending(Duration.ofMinutes(5));
        generation
                .getJsonArray("attempts")
                .add(new JsonObject()
                        .put("outcome", "RETRYABLE")
                        .put("retryAt", NOW.plus(wait).toString()));

        // then
        assertThat(presenter.retryAfterSeconds(generation)).isEqualTo(seconds);
    }

    @Test
    void retryAfterIgnoresEarlierAttemptsWhileOneRuns() {
        // given
        JsonObject generation = pending(Duration.ofMinutes(1));
        generation
                .getJsonArray("attempts")
                .add(new JsonObject()
                        .put("outcome", "RETRYABLE")
                        .put("retryAt", NOW.plusSeconds(50).toString()))
                .add(new JsonObject().put("outcome", "RUNNING"));

        // then
        assertThat(presenter.retryAfterSeconds(generation)).isEqualTo(6);
    }

    private static JsonObject pending(Duration age) {
        return new JsonObject()
                .put("status", "PENDING")
                .put("attempts", new JsonArray())
                .put("createdAt", NOW.minus(age).toString());
    }

    private static JsonObject image(String id, String contentType) {
        return new JsonObject().put("id", id).put("contentType", contentType);
    }
}
