package dev.darkroom.api.generation;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;

/** Computes entity tags and evaluates {@code If-None-Match} (RFC 9110, section 13.1.2). */
final class EntityTags {
    private EntityTags() {}

    /** Returns the strong entity tag of a response body, with its quotes. */
    static String compute(byte[] bytes) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(bytes);
            // 128 bits suffice: a collision would gain an attacker nothing.
            return '"'
                    + Base64.getUrlEncoder().withoutPadding().encodeToString(Arrays.copyOf(hash, hash.length / 2))
                    + '"';
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    /**
     * Returns whether the client already has the representation with the tag {@code etag}.
     *
     * @param ifNoneMatch the header, null when absent
     */
    static boolean matches(String ifNoneMatch, String etag) {
        if (ifNoneMatch == null) {
            return false;
        }
        for (String candidate : ifNoneMatch.split(",", -1)) {
            String tag = candidate.trim();
            // If-None-Match uses the weak comparison, which ignores the prefix W/.
            if (tag.equals("*") || tag.equals(etag) || tag.equals("W/" + etag)) {
                return true;
            }
        }
        return false;
    }
}
