package dev.darkroom.api.generation;

import dev.darkroom.image.ImageFormat;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/** Converts generations to their HTTP form, with signed image URLs. The URLs are created for each response and never stored. */
public final class GenerationPresenter {
    private static final long MAX_RETRY_AFTER_SECONDS = 60;

    private final Supplier<String> publicUrl;
    private final InstantSource clock;

    /**
     * @param publicUrl base URL of this service for clients, without a trailing slash; never derived from a request, since a
     *     client could forge it
     */
    public GenerationPresenter(Supplier<String> publicUrl, InstantSource clock) {
        this.publicUrl = publicUrl;
        this.clock = clock;
    }

    /**
     * Converts a generation from the event bus in place, and returns it.
     *
     * @param querySigner returns the signed query of an image URL, given the image name; may be null when there are no images
     */
    JsonObject present(JsonObject generation, UnaryOperator<String> querySigner) {
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
            String url = publicUrl.get() + "/images/" + name + "?" + querySigner.apply(name);
            urls.add(url);
            image.put("url", url);
        }
        return generation.put("imageUrls", urls);
    }

    /**
     * Returns the seconds after which a client should poll again, from 1 to 60. Uses the due time of the next attempt when
     * there is one. Otherwise a tenth of the age of the generation, which bounds the number of polls.
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
