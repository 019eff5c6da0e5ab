package dev.darkroom.maintenance.doctor;

import java.util.List;

/**
 * One thing that must hold whatever has happened.
 *
 * @param id as in the documents, such as {@code I1}; several checks may share one
 * @param rule what must hold, in words
 * @param subject what exceptions are told of: a generation, a user or a delivery
 * @param sql a constant statement whose rows are the exceptions: the id or name of a subject, and the rest of a sentence that
 *     begins with it
 * @param advice what to do about an exception
 * @param parameters of the statement
 */
record ConsistencyCheck(String id, String rule, String subject, String sql, String advice, List<Object> parameters) {

    /** Of generations. */
    static ConsistencyCheck ofGenerations(String id, String rule, String sql, String advice, Object... parameters) {
        return new ConsistencyCheck(id, rule, "generation", sql, advice, List.of(parameters));
    }

    /** Of users. */
    static ConsistencyCheck ofUsers(String id, String rule, String sql, String advice) {
        return new ConsistencyCheck(id, rule, "user", sql, advice, List.of());
    }

    /** Of what is delivered to webhooks. */
    static ConsistencyCheck ofDeliveries(String id, String rule, String sql, String advice, Object... parameters) {
        return new ConsistencyCheck(id, rule, "delivery", sql, advice, List.of(parameters));
    }
}
