package dev.darkroom.usage;

/**
 * Limit of the costs of a user or an AI server in a period. Immutable.
 *
 * @param owner name of the user or of the AI server
 */
public record BudgetLimit(Scope scope, String owner, Period period, long micros) {
    /** Kind of an owner. */
    public enum Scope {
        USER,
        BACKEND
    }

    /** Length of a period in UTC. */
    public enum Period {
        DAY,
        MONTH
    }
}
