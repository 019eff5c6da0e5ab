package dev.darkroom.config;

import java.math.BigDecimal;
import java.util.regex.Pattern;

/**
 * Amount of money in the configured currency. Immutable.
 *
 * @param micros in millionths; not negative
 */
public record Amount(long micros) {
    static final String EXPECTED = "an amount such as 10 or 2.50, with at most 6 decimals";
    private static final Pattern PATTERN = Pattern.compile("[0-9]{1,9}(\\.[0-9]{1,6})?");

    /** @throws IllegalArgumentException when the text is no amount */
    static Amount parse(String text) {
        if (!PATTERN.matcher(text).matches()) {
            throw new IllegalArgumentException(EXPECTED);
        }
        return new Amount(new BigDecimal(text).movePointRight(6).longValueExact());
    }

    /** Returns the amount as a decimal, such as {@code 2.5}. */
    @Override
    public String toString() {
        return BigDecimal.valueOf(micros, 6).stripTrailingZeros().toPlainString();
    }
}
