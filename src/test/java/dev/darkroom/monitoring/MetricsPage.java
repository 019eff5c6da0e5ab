package dev.darkroom.monitoring;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The tables of {@code docs/metrics.md}: the series of each metric with their labels. */
final class MetricsPage {
    private static final Path PAGE = Path.of("docs/metrics.md");
    private static final Pattern NAME = Pattern.compile("`([a-z][a-z0-9_]*)`");
    /** A label begins its part of the cell: {@code `backend`; `outcome`: `SUCCEEDED`, `LOST`}, or parts without values. */
    private static final Pattern LABEL = Pattern.compile("(?:^|[,;] *)`([a-z_]+)`");

    private MetricsPage() {}

    /** Returns the labels of each series, without the labels of the target. */
    static Map<String, Set<String>> labelsBySeries() {
        Map<String, Set<String>> series = new LinkedHashMap<>();
        try {
            Files.readString(PAGE)
                    .lines()
                    .filter(line -> line.startsWith("| `"))
                    .forEach(line -> {
                        String[] cells = line.split("\\|");
                        Set<String> labels = LABEL.matcher(cells[3].strip())
                                .results()
                                .map(found -> found.group(1))
                                .collect(Collectors.toCollection(TreeSet::new));
                        NAME.matcher(cells[1])
                                .results()
                                .forEach(name -> add(series, name.group(1), cells[2].strip(), labels));
                    });
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return series;
    }

    private static void add(Map<String, Set<String>> series, String metric, String type, Set<String> labels) {
        switch (type) {
            case "counter", "gauge" -> series.put(metric, labels);
            case "histogram", "summary" -> {
                series.put(metric + "_sum", labels);
                series.put(metric + "_count", labels);
                series.put(metric + "_max", labels);
                if (type.equals("histogram")) {
                    Set<String> withBound = new TreeSet<>(labels);
                    withBound.add("le");
                    series.put(metric + "_bucket", withBound);
                }
            }
            default -> throw new IllegalStateException(metric + ": type " + type);
        }
    }
}
