package dev.darkroom.e2e;

import dev.darkroom.e2e.FaultBench.First;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** What was observed of all faults, as a Markdown table. Faults of one kind that come to the same share a row. */
final class FaultTable {
    private static final String HEAD = """
            | fault | class | code | retried | counted | breaker hears | caller sees, if it stays so |
            |---|---|---|---|---|---|---|
            """;

    private static final String NONE = "—";

    private final List<Row> rows = new ArrayList<>();

    private record Row(Fault fault, String name, String cells) {
        private boolean sharesWith(Row before) {
            boolean same = fault.label().equals(before.fault.label()) || (fault.isStatus() && before.fault.isStatus());
            return same && fault.about().equals(before.fault.about()) && cells.equals(before.cells);
        }

        private Row and(Row next) {
            return fault.label().equals(next.fault.label())
                    ? this
                    : new Row(next.fault, name + ", " + next.fault.label(), cells);
        }
    }

    /** Adds a fault: what it came to once, and how a generation ended that met it for ever. */
    void add(Fault fault, First first, JsonObject stayed) {
        JsonObject error = first.attempt().getJsonObject("error");
        String cells = String.join(
                " | ",
                error == null ? NONE : code(error.getString("errorClass")),
                error == null ? NONE : code(error.getString("code")),
                error == null ? NONE : retried(first.attempt()),
                error == null ? NONE : first.attempt().getBoolean("counted") ? "yes" : "no",
                heard(first),
                seen(stayed));
        Row row = new Row(fault, Fault.named(fault), cells);
        Row last = rows.isEmpty() ? null : rows.get(rows.size() - 1);
        if (last != null && row.sharesWith(last)) {
            rows.set(rows.size() - 1, last.and(row));
        } else {
            rows.add(row);
        }
    }

    private static String retried(JsonObject attempt) {
        if (attempt.getString("retryAt") == null) {
            return "no";
        }
        Duration delay = Attempts.delay(attempt);
        if (delay.compareTo(FaultBench.MAX_RETRY_AFTER) >= 0) {
            return "yes, after `retry.maxRetryAfter`";
        }
        return delay.compareTo(Duration.ofSeconds(1)) > 0 ? "yes, after the time it asked for" : "yes";
    }

    private static String heard(First first) {
        return switch (first.breaker()) {
                    case SICK -> "sick";
                    case NOTHING -> "nothing";
                    case WELL -> "well";
                }
                + (first.paused() ? "; [pause](#the-pause)" : "");
    }

    private static String seen(JsonObject ended) {
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
