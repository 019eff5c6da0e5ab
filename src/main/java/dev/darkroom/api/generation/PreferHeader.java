package dev.darkroom.api.generation;

import java.math.BigInteger;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** {@code Prefer: wait=n} (RFC 7240). Whatever else is preferred is ignored, as that RFC wants it. */
public final class PreferHeader {
    public static final String NAME = "Prefer";
    public static final String APPLIED_HEADER = "Preference-Applied";

    /** The first counts, section 2. */
    private static final Pattern WAIT_PATTERN =
            Pattern.compile("(?:^|,)\\s*wait\\s*=\\s*\"?([0-9]+)\"?\\s*(?:;[^,]*)?(?:,|$)", Pattern.CASE_INSENSITIVE);

    private PreferHeader() {}

    /**
     * How long to wait; null when it is not asked for.
     *
     * @param prefer the header, null when there is none
     * @param most longer than which nobody waits
     */
    static Duration parseWait(String prefer, Duration most) {
        if (prefer == null) {
            return null;
        }
        Matcher wait = WAIT_PATTERN.matcher(prefer);
        if (!wait.find()) {
            return null;
        }
        BigInteger wanted = new BigInteger(wait.group(1));
        BigInteger limit = BigInteger.valueOf(most.toSeconds());
        return wanted.compareTo(limit) > 0 ? most : Duration.ofSeconds(wanted.longValue());
    }

    /** What the answer says of it. */
    static String formatApplied(Duration wait) {
        return "wait=" + wait.toSeconds();
    }
}
