package dev.darkroom.api.generation;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;

/** If-None-Match (RFC 9110, section 13.1.2). */
final class EntityTags {
    private EntityTags() {}

    /** A strong one, for bytes. */
    static String compute(byte[] bytes) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(bytes);
            // Half of it will do: nobody gains anything from two answers with the same tag.
            return '"'
                    + Base64.getUrlEncoder().withoutPadding().encodeToString(Arrays.copyOf(hash, hash.length / 2))
                    + '"';
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    /**
     * Whether a caller already has what {@code etag} names.
     *
     * @param ifNoneMatch the header, null when absent
     */
    static boolean matches(String ifNoneMatch, String etag) {
        if (ifNoneMatch == null) {
            return false;
        }
        for (String candidate : ifNoneMatch.split(",", -1)) {
            String tag = candidate.trim();
            // The comparison is weak: W/ says nothing about whether the bytes are the same enough to skip sending them.
            if (tag.equals("*") || tag.equals(etag) || tag.equals("W/" + etag)) {
                return true;
            }
        }
        return false;
    }
}
