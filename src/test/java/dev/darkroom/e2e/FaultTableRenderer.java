package dev.darkroom.e2e;

import dev.darkroom.e2e.FaultScenarioRunner.FirstAttempt;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Renders the results of all faults as a Markdown table. Neighboring faults of one kind with equal results share a row.
 */
final class FaultTableRenderer {
    private static final String HEAD = """
            | fault | class | code | retried | counted | breaker outcome | final result if the fault persists |
            |---|---|---|---|---|---|---|
            """;

    private static final String NONE = "—";

    private final List<Row> rows = new ArrayList<>();

    private record Row(AiServerFault aiServerFault, String name, String cells) {
        private boolean sharesWith(Row before) {
            boolean same = aiServerFault.label().equals(before.aiServerFault.label())
                    || (aiServerFault.isHttpStatus() && before.aiServerFault.isHttpStatus());
            return same && aiServerFault.about().equals(before.aiServerFault.about()) && cells.equals(before.cells);
        }

        private Row merge(Row next) {
            return aiServerFault.label().equals(next.aiServerFault.label())
                    ? this
                    : new Row(next.aiServerFault, name + ", " + next.aiServerFault.label(), cells);
        }
    }

    /** Adds a fault with the result of one occurrence and with the generation that ended after the persistent fault. */
    void add(AiServerFault aiServerFault, FirstAttempt firstAttempt, JsonObject persistentResult) {
        JsonObject error = firstAttempt.attempt().getJsonObject("error");
        String cells = String.join(
                " | ",
                error == null ? NONE : code(error.getString("errorClass")),
                error == null ? NONE : code(error.getString("code")),
                error == null ? NONE : retryCell(firstAttempt.attempt()),
                error == null ? NONE : firstAttempt.attempt().getBoolean("counted") ? "yes" : "no",
                breakerCell(firstAttempt),
                errorCell(persistentResult));
        Row row = new Row(aiServerFault, AiServerFault.displayName(aiServerFault), cells);
        Row last = rows.isEmpty() ? null : rows.get(rows.size() - 1);
        if (last != null && row.sharesWith(last)) {
            rows.set(rows.size() - 1, last.merge(row));
        } else {
            rows.add(row);
        }
    }

    private static String retryCell(JsonObject attempt) {
        if (attempt.getString("retryAt") == null) {
            return "no";
        }
        Duration delay = AttemptJson.retryDelay(attempt);
        if (delay.compareTo(FaultScenarioRunner.MAX_RETRY_AFTER) >= 0) {
            return "yes, after `retry.maxRetryAfter`";
        }
        return delay.compareTo(Duration.ofSeconds(1)) > 0 ? "yes, after the requested delay" : "yes";
    }

    private static String breakerCell(FirstAttempt firstAttempt) {
        return switch (firstAttempt.breaker()) {
                    case FAILURE -> "failure";
                    case IGNORED -> "ignored";
                    case SUCCESS -> "success";
                }
                + (firstAttempt.paused() ? "; [pause](#the-pause)" : "");
    }

    private static String errorCell(JsonObject ended) {
        if (ended.getString("status").equals("COMPLETE")) {
            return code("COMPLETE");
        }
        JsonObject error = ended.getJsonObject("error");
        return code(error.getString("code")) + (error.getBoolean("retryable") ? "" : ", immediately");
    }

    private static String code(String text) {
        return "`" + text + "`";
    }

    /** Returns the whole table, which ends with a line break. */
    String render() {
        StringBuilder markdown = new StringBuilder(HEAD);
        rows.forEach(row -> markdown.append("| " + row.name() + " | " + row.cells() + " |\n"));
        return markdown.toString();
    }
}
