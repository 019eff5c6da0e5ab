package dev.darkroom.usage;

/**
 * Sums over attempts. Immutable.
 *
 * @param submissions attempts that may have submitted work
 * @param billable submissions that the AI server may bill
 * @param successes attempts that stored their images, also by looking up an earlier submission
 * @param costMicros in millionths of the currency
 * @param reportedCostMicros the part of {@code costMicros} that AI servers reported
 */
public record UsageSums(
        long attempts,
        long submissions,
        long billable,
        long successes,
        long images,
        long costMicros,
        long reportedCostMicros) {
    /** Contains no attempt. */
    public static final UsageSums ZERO = new UsageSums(0, 0, 0, 0, 0, 0, 0);

    public UsageSums plus(UsageSums other) {
        return new UsageSums(
                attempts + other.attempts,
                submissions + other.submissions,
                billable + other.billable,
                successes + other.successes,
                images + other.images,
                costMicros + other.costMicros,
                reportedCostMicros + other.reportedCostMicros);
    }

    /** Returns the number of submissions that may have been paid without a result. */
    public long lostSubmissions() {
        return Math.max(0, billable - successes);
    }
}
