package dev.darkroom.backend.bfl;

import java.util.regex.Pattern;

/**
 * Id of a task with its polling URL. Immutable.
 *
 * @param id valid in a URL without encoding
 * @param pollingUrl untrusted URL from the AI server; null when it named none
 */
record TaskReference(String id, String pollingUrl) {
    private static final Pattern ID = Pattern.compile("[A-Za-z0-9._-]{1,128}");
    private static final char SEPARATOR = ' ';

    /** Returns whether a text is a valid id. */
    static boolean isId(String text) {
        return ID.matcher(text).matches();
    }

    /**
     * Parses the text of {@link #toProviderId()}.
     *
     * @return null when it has no valid id
     */
    static TaskReference parse(String providerId) {
        int end = providerId.indexOf(SEPARATOR);
        String id = end < 0 ? providerId : providerId.substring(0, end);
        return isId(id) ? new TaskReference(id, end < 0 ? null : providerId.substring(end + 1)) : null;
    }

    /** Returns a text for the storage with the generation, so that the next process polls the same URL. */
    String toProviderId() {
        return pollingUrl == null ? id : id + SEPARATOR + pollingUrl;
    }
}
