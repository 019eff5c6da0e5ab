package dev.darkroom.api.generation;

import dev.darkroom.generation.Attempt;
import dev.darkroom.generation.Generation;
import dev.darkroom.generation.GenerationResult.GenerationPage;
import dev.darkroom.generation.StoredImage;
import dev.darkroom.generation.json.GenerationJson;
import dev.darkroom.image.ImageFormat;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/** Encodes generations in their HTTP form, with signed image URLs. The URLs are created for each response and never stored. */
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
     * Encodes a generation.
     *
     * @param querySigner returns the signed query of an image URL, given the image name; may be null when there are no images
     */
    Buffer encode(Generation generation, UnaryOperator<String> querySigner) {
        return GenerationJson.encode(generation, image -> imageUrl(image, querySigner));
    }

    /** Encodes a page of a list. */
    Buffer encode(GenerationPage page, UnaryOperator<String> querySigner) {
        return GenerationJson.encode(page, image -> imageUrl(image, querySigner));
    }

    /** @param querySigner returns the signed query of an image URL, given the image name */
    String imageUrl(StoredImage image, UnaryOperator<String> querySigner) {
        String name = image.id() + "."
                + ImageFormat.ofContentType(image.contentType()).extension();
        return publicUrl.get() + "/images/" + name + "?" + querySigner.apply(name);
    }

    /**
     * Returns the seconds after which a client should poll again, from 1 to 60. Uses the due time of the next attempt when
     * there is one. Otherwise a tenth of the age of the generation, which bounds the number of polls.
     */
    long retryAfterSeconds(Generation generation) {
        Instant now = clock.instant();
        List<Attempt> attempts = generation.attempts();
        Instant retryAt =
                attempts.isEmpty() ? null : attempts.get(attempts.size() - 1).retryAt();
        return clampSeconds(
                retryAt == null
                        ? Duration.between(generation.createdAt(), now).toSeconds() / 10
                        : Duration.between(now, retryAt).toSeconds() + 1);
    }

    private static long clampSeconds(long seconds) {
        return Math.max(1, Math.min(MAX_RETRY_AFTER_SECONDS, seconds));
    }
}
