package dev.darkroom.maintenance.doctor;

import java.util.List;

/**
 * Invariant of the tables, with the query that finds its violations.
 *
 * @param id id of the invariant in the documentation, such as {@code I1}; several checks may share one
 * @param rule the invariant as a sentence
 * @param subject kind of object that a violation concerns: {@code generation}, {@code user} or {@code delivery}
 * @param sql constant query that returns the violations; column 1 is the id or name of the subject, column 2 the description, which
 *     continues a sentence that starts with the subject
 * @param advice what an operator should do about a violation
 * @param parameters parameters of the query
 */
record ConsistencyCheck(String id, String rule, String subject, String sql, String advice, List<Object> parameters) {

    /** Advice for violations that no operation of Darkroom can cause. */
    static final String REPORT_ADVICE = "This is a bug, or the tables were modified manually. Please report it.";

    /** Creates a check of generations. */
    static ConsistencyCheck ofGenerations(String id, String rule, String sql, String advice, Object... parameters) {
        return new ConsistencyCheck(id, rule, "generation", sql, advice, List.of(parameters));
    }

    /** Creates a check of users. */
    static ConsistencyCheck ofUsers(String id, String rule, String sql, String advice) {
        return new ConsistencyCheck(id, rule, "user", sql, advice, List.of());
    }

    /** Creates a check of webhook deliveries. */
    static ConsistencyCheck ofDeliveries(String id, String rule, String sql, String advice, Object... parameters) {
        return new ConsistencyCheck(id, rule, "delivery", sql, advice, List.of(parameters));
    }
}
