package dev.darkroom.docs;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The rows of {@code docs/metrics.md}. */
final class MetricsPage {
    private static final Path PAGE = Path.of("docs", "metrics.md");
    private static final Pattern VALUES = Pattern.compile("( `[^`]+`,?)+\\s*");
    private static final Pattern CODE = Pattern.compile("`([^`]+)`");

    private MetricsPage() {}

    /**
     * A metric of the page.
     *
     * @param labels names of the labels, with the values that the page lists; without values any value is permitted
     */
    record Row(String name, String type, Map<String, Set<String>> labels, String unit) {}

    static List<Row> rows() {
        List<Row> rows = new ArrayList<>();
        boolean inside = false;
        for (String line : MarkdownPages.prose(PAGE)) {
            if (line.startsWith("| metric |")) {
                inside = true;
            } else if (!line.startsWith("|")) {
                inside = false;
            } else if (inside && !line.startsWith("|---")) {
                String[] cells = line.split("\\|");
                CODE.matcher(cells[1])
                        .results()
                        .forEach(name ->
                                rows.add(new Row(name.group(1), cells[2].strip(), labels(cells[3]), cells[4].strip())));
            }
        }
        return rows;
    }

    /** Parses {@code `a`: `X`, `Y`; `b`, `c`}. */
    private static Map<String, Set<String>> labels(String cell) {
        Map<String, Set<String>> labels = new LinkedHashMap<>();
        for (String part : cell.split(";")) {
            int colon = part.indexOf("`:");
            if (colon >= 0) {
                Matcher name = CODE.matcher(part.substring(0, colon + 1));
                if (name.find()) {
                    String values = part.substring(colon + 2);
                    labels.put(name.group(1), VALUES.matcher(values).matches() ? codes(values) : Set.of());
                }
            } else {
                codes(part).forEach(name -> labels.put(name, Set.of()));
            }
        }
        return labels;
    }

    private static Set<String> codes(String text) {
        return CODE.matcher(text).results().map(code -> code.group(1)).collect(Collectors.toCollection(TreeSet::new));
    }

    /** Returns the names of a metric and of the metrics that belong to it. */
    static List<String> names(Row row) {
        return Set.of("histogram", "summary").contains(row.type())
                ? Arrays.asList(row.name(), row.name() + "_max")
                : List.of(row.name());
    }
}
