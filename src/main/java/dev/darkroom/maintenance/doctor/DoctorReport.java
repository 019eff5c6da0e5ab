package dev.darkroom.maintenance.doctor;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.List;

/**
 * Result of {@link DatabaseDoctor}. Immutable.
 *
 * @param database name and address of the database, without credentials
 * @param takenAt time of the snapshot by the database clock
 * @param results one result per check, in order
 * @param notes observations that are not violations
 */
public record DoctorReport(String database, Instant takenAt, List<CheckResult> results, List<String> notes) {

    private static final String INDENT = " ".repeat(18);

    /** Returns whether no check found a violation. */
    public boolean isConsistent() {
        return results.stream().allMatch(checkResult -> checkResult.totalFindings() == 0);
    }

    /** Returns the reported findings as sentences prefixed with the check id; empty if consistent. For tests. */
    public List<String> problems() {
        return results.stream()
                .flatMap(checkResult ->
                        checkResult.findings().stream().map(each -> checkResult.id() + ": " + each.toSentence()))
                .toList();
    }

    /**
     * Result of one check.
     *
     * @param id id of the check
     * @param invariant the invariant as a sentence
     * @param totalFindings number of violations
     * @param findings the first violations, at most {@link DatabaseDoctor#MAX_FINDINGS}
     * @param advice what an operator should do
     */
    public record CheckResult(String id, String invariant, long totalFindings, List<Finding> findings, String advice) {}

    /**
     * One violation.
     *
     * @param subject kind of object: {@code generation}, {@code user}, {@code delivery} or {@code image store}
     * @param id id or name of the object
     * @param description continues a sentence that starts with subject and id
     */
    public record Finding(String subject, String id, String description) {
        JsonObject toJson() {
            return new JsonObject().put(subject, id).put("description", description);
        }

        /** Returns subject, id and description as a sentence. */
        String toSentence() {
            return subject + " " + id + " " + description;
        }
    }

    /** Returns the report as text. */
    public String toText() {
        StringBuilder text = new StringBuilder("Darkroom doctor, " + database + ", " + takenAt + "\n\n");
        for (CheckResult checkResult : results) {
            boolean failed = checkResult.totalFindings() > 0;
            text.append(
                    "%-6s  %-8s  %s%n".formatted(failed ? "FAILED" : "ok", checkResult.id(), checkResult.invariant()));
            checkResult.findings().forEach(each -> text.append(INDENT + each.toSentence() + '\n'));
            long omitted = checkResult.totalFindings() - checkResult.findings().size();
            if (omitted > 0) {
                text.append(INDENT + "and " + omitted + " more\n");
            }
            if (failed) {
                text.append(INDENT + "What to do: " + checkResult.advice() + '\n');
            }
        }
        notes.forEach(note -> text.append("note    ").append(note).append('\n'));
        long failed = results.stream()
                .filter(checkResult -> checkResult.totalFindings() > 0)
                .count();
        text.append('\n')
                .append(isConsistent() ? "All checks passed." : failed + " of " + results.size() + " checks failed.");
        return text.toString();
    }

    /** Returns the report as JSON. */
    public JsonObject toJson() {
        JsonArray checks = new JsonArray();
        for (CheckResult checkResult : results) {
            JsonObject check = new JsonObject()
                    .put("id", checkResult.id())
                    .put("invariant", checkResult.invariant())
                    .put("status", checkResult.totalFindings() == 0 ? "OK" : "FAILED")
                    .put("total", checkResult.totalFindings());
            if (checkResult.totalFindings() > 0) {
                check.put(
                                "findings",
                                new JsonArray(checkResult.findings().stream()
                                        .map(Finding::toJson)
                                        .toList()))
                        .put("advice", checkResult.advice());
            }
            checks.add(check);
        }
        return new JsonObject()
                .put("consistent", isConsistent())
                .put("database", database)
                .put("takenAt", takenAt.toString())
                .put("checks", checks)
                .put("notes", new JsonArray(notes));
    }
}
