package dev.darkroom.api;

/** If-None-Match (RFC 9110, section 13.1.2). */
final class EntityTags {
    private EntityTags() {}

    /**
     * Whether a caller already has what {@code etag} names.
     *
     * @param ifNoneMatch the header, null when absent
     */
    static boolean match(String ifNoneMatch, String etag) {
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
