package dev.darkroom.maintenance.doctor;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.List;

/**
 * What the doctor saw. Immutable.
 *
 * @param database name and address, without credentials
 * @param takenAt the database's time of the snapshot
 * @param results one for each check, in order
 * @param notes what is worth knowing and not wrong
 */
public record DoctorReport(String database, Instant takenAt, List<CheckResult> results, List<String> notes) {

    /** Whether everything that could be checked holds. */
    public boolean isClean() {
        return results.stream().allMatch(checkResult -> checkResult.totalFindings() == 0);
    }

    /** What is wrong, one sentence each, with the id of the check in front; empty when clean. For tests. */
    public List<String> problems() {
        return results.stream()
                .flatMap(checkResult ->
                        checkResult.findings().stream().map(each -> checkResult.id() + ": " + each.toSentence()))
                .toList();
    }

    /**
     * What one check found.
     *
     * @param id of the check
     * @param rule what must hold
     * @param totalFindings how many exceptions there are
     * @param findings the first of them
     * @param advice what to do
     */
    public record CheckResult(String id, String rule, long totalFindings, List<Finding> findings, String advice) {}

    /**
     * One exception.
     *
     * @param subject what it is about: a generation, or a user
     * @param id of the generation, or the user's name
     * @param description the rest of a sentence that begins with these
     */
    public record Finding(String subject, String id, String description) {
        String toSentence() {
            return subject + " " + id + " " + description;
        }
    }

    /** For people. */
    public String toText() {
        StringBuilder text = new StringBuilder("Darkroom doctor, " + database + ", " + takenAt + "\n\n");
        for (CheckResult checkResult : results) {
            String mark = checkResult.totalFindings() == 0 ? "ok" : "WRONG";
            text.append(String.format("%-5s  %-8s  %s%n", mark, checkResult.id(), checkResult.rule()));
            if (checkResult.totalFindings() > 0) {
                checkResult
                        .findings()
                        .forEach(each ->
                                text.append(indent()).append(each.toSentence()).append('\n'));
                long more = checkResult.totalFindings() - checkResult.findings().size();
                if (more > 0) {
                    text.append(indent()).append("and ").append(more).append(" more\n");
                }
                text.append(indent())
                        .append("What to do: ")
                        .append(checkResult.advice())
                        .append('\n');
            }
        }
        notes.forEach(note -> text.append("note   ").append(note).append('\n'));
        long failed = results.stream()
                .filter(checkResult -> checkResult.totalFindings() > 0)
                .count();
        text.append('\n').append(isClean() ? "Clean." : "Not clean: " + failed + " of " + results.size() + " checks.");
        return text.toString();
    }

    /** For machines. */
    public JsonObject toJson() {
        JsonArray checks = new JsonArray();
        for (CheckResult checkResult : results) {
            JsonObject check = new JsonObject()
                    .put("id", checkResult.id())
                    .put("rule", checkResult.rule())
                    .put("status", checkResult.totalFindings() == 0 ? "OK" : "WRONG")
                    .put("total", checkResult.totalFindings());
            if (checkResult.totalFindings() > 0) {
                JsonArray findings = new JsonArray();
                checkResult
                        .findings()
                        .forEach(each -> findings.add(
                                new JsonObject().put(each.subject(), each.id()).put("what", each.description())));
                check.put("findings", findings).put("advice", checkResult.advice());
            }
            checks.add(check);
        }
        return new JsonObject()
                .put("clean", isClean())
                .put("database", database)
                .put("at", takenAt.toString())
                .put("checks", checks)
                .put("notes", new JsonArray(notes));
    }

    private static String indent() {
        return " ".repeat(17);
    }
}
