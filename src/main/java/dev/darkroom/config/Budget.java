package dev.darkroom.config;

/**
 * Limits of costs. Immutable.
 *
 * @param day limit of a day in UTC; null for none
 * @param month limit of a month in UTC; null for none
 */
public record Budget(Amount day, Amount month) {
    /** Returns whether there is a limit. */
    public boolean exists() {
        return day != null || month != null;
    }
}
