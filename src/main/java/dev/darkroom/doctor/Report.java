package dev.darkroom.doctor;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.List;

/**
 * What the doctor saw. Immutable.
 *
 * @param database name and address, without credentials
 * @param at the database's time of the snapshot
 * @param results one for each check, in order
 * @param notes what is worth knowing and not wrong
 */
public record Report(String database, Instant at, List<Result> results, List<String> notes) {

    /** Whether everything that could be checked holds. */
    public boolean clean() {
        return results.stream().allMatch(result -> result.total() == 0);
    }

    /** What is wrong, one sentence each, with the id of the check in front; empty when clean. For tests. */
    public List<String> wrong() {
        return results.stream()
                .flatMap(result -> result.findings().stream().map(each -> result.id() + ": " + each.sentence()))
                .toList();
    }

    /**
     * What one check found.
     *
     * @param id of the check
     * @param rule what must hold
     * @param total how many exceptions there are
     * @param findings the first of them
     * @param advice what to do
     */
    public record Result(String id, String rule, long total, List<Finding> findings, String advice) {}

    /**
     * One exception.
     *
     * @param subject what it is about: a generation, or a user
     * @param id of the generation, or the user's name
     * @param what the rest of a sentence that begins with these
     */
    public record Finding(String subject, String id, String what) {
        String sentence() {
            return subject + " " + id + " " + what;
        }
    }

    /** For people. */
    public String text() {
        StringBuilder text = new StringBuilder("Darkroom doctor, " + database + ", " + at + "\n\n");
        for (Result result : results) {
            String mark = result.total() == 0 ? "ok" : "WRONG";
            text.append(String.format("%-5s  %-8s  %s%n", mark, result.id(), result.rule()));
            if (result.total() > 0) {
                result.findings()
                        .forEach(each ->
                                text.append(indent()).append(each.sentence()).append('\n'));
                long more = result.total() - result.findings().size();
                if (more > 0) {
                    text.append(indent()).append("and ").append(more).append(" more\n");
                }
                text.append(indent())
                        .append("What to do: ")
                        .append(result.advice())
                        .append('\n');
            }
        }
        notes.forEach(note -> text.append("note   ").append(note).append('\n'));
        long failed = results.stream().filter(result -> result.total() > 0).count();
        text.append('\n').append(clean() ? "Clean." : "Not clean: " + failed + " of " + results.size() + " checks.");
        return text.toString();
    }

    /** For machines. */
    public JsonObject json() {
        JsonArray checks = new JsonArray();
        for (Result result : results) {
            JsonObject check = new JsonObject()
                    .put("id", result.id())
                    .put("rule", result.rule())
                    .put("status", result.total() == 0 ? "OK" : "WRONG")
                    .put("total", result.total());
            if (result.total() > 0) {
                JsonArray findings = new JsonArray();
                result.findings()
                        .forEach(each -> findings.add(
                                new JsonObject().put(each.subject(), each.id()).put("what", each.what())));
                check.put("findings", findings).put("advice", result.advice());
            }
            checks.add(check);
        }
        return new JsonObject()
                .put("clean", clean())
                .put("database", database)
                .put("at", at.toString())
                .put("checks", checks)
                .put("notes", new JsonArray(notes));
    }

    private static String indent() {
        return " ".repeat(17);
    }
}
