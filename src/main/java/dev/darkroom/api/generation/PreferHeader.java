package dev.darkroom.api.generation;

import java.math.BigInteger;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** {@code Prefer: wait=n} (RFC 7240). Ignores all other preferences, as that RFC requires. */
public final class PreferHeader {
    public static final String NAME = "Prefer";
    public static final String APPLIED_HEADER = "Preference-Applied";

    /** Matches the first {@code wait}, which takes precedence (section 2). */
    private static final Pattern WAIT_PATTERN =
            Pattern.compile("(?:^|,)\\s*wait\\s*=\\s*\"?([0-9]+)\"?\\s*(?:;[^,]*)?(?:,|$)", Pattern.CASE_INSENSITIVE);

    private static final Pattern WAIT_WITHOUT_VALUE =
            Pattern.compile("(?:^|,)\\s*wait\\s*(?:;[^,]*)?(?:,|$)", Pattern.CASE_INSENSITIVE);

    private PreferHeader() {}

    /**
     * Returns the requested wait, limited to {@code maxWait}; null when the header has none.
     *
     * @param prefer the header, null when absent
     */
    static Duration parseWait(String prefer, Duration maxWait) {
        return parseWait(prefer, maxWait, null);
    }

    /**
     * As {@link #parseWait(String, Duration)}.
     *
     * @param withoutValue the wait of {@code Prefer: wait} without a value; null when that is no wait
     */
    public static Duration parseWait(String prefer, Duration maxWait, Duration withoutValue) {
        if (prefer == null) {
            return null;
        }
        if (withoutValue != null && WAIT_WITHOUT_VALUE.matcher(prefer).find()) {
            return withoutValue.compareTo(maxWait) > 0 ? maxWait : withoutValue;
        }
        Matcher wait = WAIT_PATTERN.matcher(prefer);
        if (!wait.find()) {
            return null;
        }
        BigInteger requestedSeconds = new BigInteger(wait.group(1));
        BigInteger limit = BigInteger.valueOf(maxWait.toSeconds());
        return requestedSeconds.compareTo(limit) > 0 ? maxWait : Duration.ofSeconds(requestedSeconds.longValue());
    }

    /** Returns the value of the response header {@code Preference-Applied}. */
    static String formatApplied(Duration wait) {
        return "wait=" + wait.toSeconds();
    }
}
