package dev.darkroom.backend;

import dev.darkroom.generation.worker.AttemptSequence;
import dev.darkroom.generation.worker.AttemptSequence.LookUp;
import dev.darkroom.testing.GeneratedDocumentSection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Generated table of faults on the page of a protocol, with a row per fault. */
public final class FaultTable {
    /** Heading of the first column. */
    static final String SUBJECT = "the AI server";

    private static final String HEAD = "| " + SUBJECT
            + " | class | code | retried | counted | look-up | submissions |\n|---|---|---|---|---|---|---|\n";

    private static final String NONE = "—";
    private static final String STATUSES = "\\d{3}(, \\d{3})*";

    private final GeneratedDocumentSection section;
    private final List<Row> rows = new ArrayList<>();

    private record Row(String label, String cells) {}

    /**
     * @param page name of the page, such as {@code cog}
     * @param section name of the table in the marks of the page
     */
    public FaultTable(String page, String section, Class<?> test) {
        this.section = new GeneratedDocumentSection(
                "docs/backends/" + page + ".md",
                section,
                "a run of " + test.getSimpleName(),
                "./mvnw test -Dtest=" + test.getSimpleName());
    }

    /** @param submissions that the AI server received until the generation ended */
    void add(BackendFault fault, AttemptSequence.Result result, int submissions) {
        BackendFailure failure = result.failure();
        String cells = String.join(
                " | ",
                failure == null ? NONE : code(failure.failureClass().name()),
                failure == null ? NONE : code(failure.code()),
                failure == null ? NONE : retryCell(result),
                failure == null ? NONE : result.counted() ? "yes" : "no",
                lookUpCell(result.lookUp()),
                "" + submissions);
        Row last = rows.isEmpty() ? null : rows.get(rows.size() - 1);
        if (last != null
                && last.cells().equals(cells)
                && last.label().matches(STATUSES)
                && fault.label().matches(STATUSES)) {
            rows.set(rows.size() - 1, new Row(last.label() + ", " + fault.label(), cells));
        } else {
            rows.add(new Row(fault.label(), cells));
        }
    }

    private static String retryCell(AttemptSequence.Result result) {
        if (result.delay() == null) {
            return "no".concat(result.end().equals(result.failure().code()) ? "" : ", " + code(result.end()));
        }
        // A date has a resolution of a second.
        return result.delay().compareTo(Duration.ofMillis(500)) > 0 ? "yes, after the requested delay" : "yes";
    }

    private static String lookUpCell(LookUp lookUp) {
        return switch (lookUp) {
            case NONE -> NONE;
            case FOUND -> "found";
            case NOT_FOUND -> "not found";
        };
    }

    private static String code(String text) {
        return "`" + text + "`";
    }

    void assertDocumented() {
        StringBuilder markdown = new StringBuilder(HEAD);
        rows.forEach(row -> markdown.append("| ")
                .append(row.label())
                .append(" | ")
                .append(row.cells())
                .append(" |\n"));
        section.assertContent(markdown.toString());
    }
}
