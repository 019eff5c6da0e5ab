package dev.darkroom.api.generation;

import dev.darkroom.image.ImageFormat;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/** Generations as HTTP callers see them: with picture URLs, minted on every reading and never stored. */
public final class GenerationPresenter {
    private static final long MAX_RETRY_AFTER_SECONDS = 60;

    private final Supplier<String> publicUrl;
    private final InstantSource clock;

    /**
     * @param publicUrl where callers reach this service, without a trailing slash; never taken from a request, which could
     *     make it up
     */
    public GenerationPresenter(Supplier<String> publicUrl, InstantSource clock) {
        this.publicUrl = publicUrl;
        this.clock = clock;
    }

    /**
     * The generation from the bus, changed into its HTTP form.
     *
     * @param signed the query of a picture's link, by the picture's name; may be null where there are no pictures
     */
    JsonObject present(JsonObject generation, UnaryOperator<String> signed) {
        generation.remove("user");
        JsonArray images = generation.getJsonArray("images");
        if (images == null) {
            return generation;
        }
        JsonArray urls = new JsonArray();
        for (int i = 0; i < images.size(); i++) {
            JsonObject image = images.getJsonObject(i);
            String id = (String) image.remove("id");
            String extension =
                    ImageFormat.ofContentType(image.getString("contentType")).extension();
            String name = id + "." + extension;
            String url = publicUrl.get() + "/images/" + name + "?" + signed.apply(name);
            urls.add(url);
            image.put("url", url);
        }
        return generation.put("imageUrls", urls);
    }

    /**
     * Whole seconds after which asking again makes sense: when the next attempt is due, otherwise soon for a young
     * generation and later for an old one, so that polling costs little however long it takes.
     */
    long retryAfterSeconds(JsonObject generation) {
        Instant now = clock.instant();
        JsonArray attempts = generation.getJsonArray("attempts");
        if (!attempts.isEmpty()) {
            String retryAt = attempts.getJsonObject(attempts.size() - 1).getString("retryAt");
            if (retryAt != null) {
                return clampSeconds(
                        Duration.between(now, Instant.parse(retryAt)).toSeconds() + 1);
            }
        }
        long age = Duration.between(Instant.parse(generation.getString("createdAt")), now)
                .toSeconds();
        return clampSeconds(age / 10);
    }

    private static long clampSeconds(long seconds) {
        return Math.max(1, Math.min(MAX_RETRY_AFTER_SECONDS, seconds));
    }
}
