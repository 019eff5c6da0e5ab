package dev.darkroom.doctor;

import java.util.List;

/**
 * One thing that must hold whatever has happened.
 *
 * @param id as in the documents, such as {@code I1}; several checks may share one
 * @param rule what must hold, in words
 * @param sql a constant statement whose rows are the exceptions: the id of a generation and the rest of a sentence that
 *     begins with it; empty for what is not there yet
 * @param advice what to do about an exception; for what is not there yet, why
 * @param parameters of the statement
 */
record Check(String id, String rule, String sql, String advice, List<Object> parameters) {

    static Check of(String id, String rule, String sql, String advice, Object... parameters) {
        return new Check(id, rule, sql, advice, List.of(parameters));
    }

    static Check notYet(String id, String rule, String why) {
        return new Check(id, rule, "", why, List.of());
    }

    boolean there() {
        return !sql.isEmpty();
    }
}
