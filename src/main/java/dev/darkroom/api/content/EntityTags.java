package dev.darkroom.api.content;

import java.util.Arrays;
import java.util.Base64;
import java.util.stream.Stream;
import org.apache.commons.codec.digest.DigestUtils;

/** Computes entity tags and evaluates {@code If-Match} and {@code If-None-Match} (RFC 9110, sections 13.1.1 and 13.1.2). */
public final class EntityTags {
    private static final String ANY = "*";

    private EntityTags() {}

    /** Returns the strong entity tag of a response body, with its quotes. */
    public static String compute(byte[] bytes) {
        byte[] hash = DigestUtils.sha256(bytes);
        // 128 bits suffice: a collision would gain an attacker nothing.
        return '"' + Base64.getUrlEncoder().withoutPadding().encodeToString(Arrays.copyOf(hash, hash.length / 2)) + '"';
    }

    /**
     * Returns whether the client already has the representation with the tag {@code etag}.
     *
     * @param ifNoneMatch the header, null when absent
     */
    public static boolean matches(String ifNoneMatch, String etag) {
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
    public static boolean satisfies(String ifMatch, String etag) {
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
