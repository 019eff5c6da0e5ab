package dev.darkroom.api.generation;

import dev.darkroom.backend.JobProgress;
import dev.darkroom.generation.Attempt;
import dev.darkroom.generation.Generation;
import dev.darkroom.generation.Generation.QueuePosition;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.stream.Stream;
import org.apache.commons.codec.digest.DigestUtils;

/** Computes entity tags and evaluates {@code If-Match} and {@code If-None-Match} (RFC 9110, sections 13.1.1 and 13.1.2). */
final class EntityTags {
    private static final String ANY = "*";

    private EntityTags() {}

    /** Returns the strong entity tag of a response body, with its quotes. */
    static String compute(byte[] bytes) {
        byte[] hash = DigestUtils.sha256(bytes);
        // 128 bits suffice: a collision would gain an attacker nothing.
        return '"' + Base64.getUrlEncoder().withoutPadding().encodeToString(Arrays.copyOf(hash, hash.length / 2)) + '"';
    }

    /**
     * Returns the weak entity tag of a pending generation, with its quotes. Everything in the response that can change is part of it,
     * except the estimated start, which moves with the time.
     */
    static String ofPending(Generation generation) {
        List<Attempt> attempts = generation.attempts();
        Attempt last = attempts.isEmpty() ? null : attempts.get(attempts.size() - 1);
        QueuePosition position = generation.queuePosition();
        return "W/\"" + toMicros(generation.updatedAt())
                + '-' + generation.failedAttempts()
                + '-' + (last != null && last.isRunning() ? toMicros(last.startedAt()) : "")
                + '-' + (position == null ? "" : position.ahead() + 1)
                + (last == null || !last.isRunning() || last.apiKey() == null ? "" : "-" + last.apiKey())
                + (last == null || last.progress() == null ? "" : "-" + format(last.progress())) + '"';
    }

    private static String format(JobProgress progress) {
        return (progress.percent() == null ? "" : progress.percent()) + "."
                + (progress.queuePosition() == null ? "" : progress.queuePosition());
    }

    /** Returns a time in microseconds, the unit of the database, as text. */
    private static String toMicros(Instant time) {
        return Long.toString(ChronoUnit.MICROS.between(Instant.EPOCH, time), Character.MAX_RADIX);
    }

    /**
     * Returns whether the client already has the representation with the tag {@code etag}.
     *
     * @param ifNoneMatch the header, null when absent
     */
    static boolean matches(String ifNoneMatch, String etag) {
        return ifNoneMatch != null
                && tags(ifNoneMatch)
                        .anyMatch(tag -> tag.equals(ANY) || opaqueTag(tag).equals(opaqueTag(etag)));
    }

    /**
     * Returns whether the precondition of {@code If-Match} is true. A weak tag matches none.
     *
     * @param ifMatch the header, null when absent
     * @param etag a strong tag
     */
    static boolean satisfies(String ifMatch, String etag) {
        return ifMatch == null || tags(ifMatch).anyMatch(tag -> tag.equals(ANY) || tag.equals(etag));
    }

    private static Stream<String> tags(String header) {
        return Arrays.stream(header.split(",", -1)).map(String::trim);
    }

    /** Returns a tag without the prefix W/, which the weak comparison of {@code If-None-Match} ignores. */
    private static String opaqueTag(String tag) {
        return tag.startsWith("W/") ? tag.substring(2) : tag;
    }
}
