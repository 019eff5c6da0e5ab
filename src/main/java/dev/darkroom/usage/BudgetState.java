package dev.darkroom.usage;

import dev.darkroom.config.Amount;
import dev.darkroom.usage.BudgetLimit.Period;
import dev.darkroom.usage.BudgetLimit.Scope;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;

/**
 * Budget of the current period. Immutable.
 *
 * @param reservedMicros expected costs of submissions in progress
 * @param resetsAt end of the period
 * @param resetsIn time until then, by the clock of the database
 */
public record BudgetState(
        BudgetLimit limit, long spentMicros, long reservedMicros, OffsetDateTime resetsAt, Duration resetsIn) {

    /** Returns whether a submission of this cost exceeds the limit. A submission of the cost 0 does so when nothing is left. */
    public boolean exceededBy(long costMicros) {
        return spentMicros + reservedMicros + Math.max(1, costMicros) > limit.micros();
    }

    /** Returns whether it exceeds the limit even if all submissions in progress cost nothing. */
    public boolean spentBy(long costMicros) {
        return spentMicros + Math.max(1, costMicros) > limit.micros();
    }

    /** Returns a sentence for people, without a final period. */
    public String describe(String currency) {
        return "the " + (limit.period() == Period.DAY ? "daily" : "monthly") + " budget of the "
                + (limit.scope() == Scope.USER ? "user" : "AI server") + " is exhausted: of "
                + new Amount(limit.micros()) + " " + currency + ", " + new Amount(spentMicros) + " are spent and "
                + new Amount(reservedMicros) + " reserved. It resets at "
                + DateTimeFormatter.ISO_INSTANT.format(resetsAt.withOffsetSameInstant(ZoneOffset.UTC));
    }
}
