package dev.darkroom.e2e;

import dev.darkroom.e2e.FaultScenarioRunner.FirstAttempt;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** What was observed of all faults, as a Markdown table. Faults of one kind that come to the same share a row. */
final class FaultTableRenderer {
    private static final String HEAD = """
            | fault | class | code | retried | counted | breaker hears | caller sees, if it stays so |
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

        private Row and(Row next) {
            return aiServerFault.label().equals(next.aiServerFault.label())
                    ? this
                    : new Row(next.aiServerFault, name + ", " + next.aiServerFault.label(), cells);
        }
    }

    /** Adds a fault: what it came to once, and how a generation ended that met it for ever. */
    void add(AiServerFault aiServerFault, FirstAttempt firstAttempt, JsonObject stayed) {
        JsonObject error = firstAttempt.attempt().getJsonObject("error");
        String cells = String.join(
                " | ",
                error == null ? NONE : code(error.getString("errorClass")),
                error == null ? NONE : code(error.getString("code")),
                error == null ? NONE : retryCell(firstAttempt.attempt()),
                error == null ? NONE : firstAttempt.attempt().getBoolean("counted") ? "yes" : "no",
                breakerCell(firstAttempt),
                errorCell(stayed));
        Row row = new Row(aiServerFault, AiServerFault.displayName(aiServerFault), cells);
        Row last = rows.isEmpty() ? null : rows.get(rows.size() - 1);
        if (last != null && row.sharesWith(last)) {
            rows.set(rows.size() - 1, last.and(row));
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
        return delay.compareTo(Duration.ofSeconds(1)) > 0 ? "yes, after the time it asked for" : "yes";
    }

    private static String breakerCell(FirstAttempt firstAttempt) {
        return switch (firstAttempt.breaker()) {
                    case FAILURE -> "sick";
                    case IGNORED -> "nothing";
                    case SUCCESS -> "well";
                }
                + (firstAttempt.paused() ? "; [pause](#the-pause)" : "");
    }

    private static String errorCell(JsonObject ended) {
        if (ended.getString("status").equals("COMPLETE")) {
            return code("COMPLETE");
        }
        JsonObject error = ended.getJsonObject("error");
        return code(error.getString("code")) + (error.getBoolean("retryable") ? "" : ", at once");
    }

    private static String code(String text) {
        return "`" + text + "`";
    }

    /** The whole table, a line break at its end. */
    String render() {
        StringBuilder markdown = new StringBuilder(HEAD);
        rows.forEach(row -> markdown.append("| " + row.name() + " | " + row.cells() + " |\n"));
        return markdown.toString();
    }
}
