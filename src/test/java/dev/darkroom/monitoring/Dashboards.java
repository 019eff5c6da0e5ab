package dev.darkroom.monitoring;

import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The dashboards of Grafana in {@code conf/monitoring/grafana}. */
final class Dashboards {
    static final Path DIRECTORY = MonitoringRules.DIRECTORY.resolve("grafana");

    private static final Pattern LABEL_VALUES = Pattern.compile("label_values\\((.*), (\\w+)\\)");

    private Dashboards() {}

    /**
     * A query of a panel.
     *
     * @param panel name of the file and title
     */
    record PanelQuery(String panel, String expression) {
        @Override
        public String toString() {
            return panel + ": " + expression;
        }
    }

    /** The query of a variable: the values of a label of the series that match a selector. */
    record LabelQuery(String selector, String label) {}

    /** Returns the query of a variable. */
    static LabelQuery labelQuery(JsonObject variable) {
        String query = variable.getJsonObject("query").getString("query");
        Matcher matcher = LABEL_VALUES.matcher(query);
        if (!matcher.matches()) {
            throw new IllegalArgumentException(query);
        }
        return new LabelQuery(matcher.group(1), matcher.group(2));
    }

    /** Returns the files, sorted by name. */
    static List<Path> files() {
        try (Stream<Path> files = Files.list(DIRECTORY)) {
            return files.filter(file -> file.toString().endsWith(".json"))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static JsonObject read(Path file) {
        try {
            return new JsonObject(Files.readString(file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns the panels of a dashboard, without those that only begin a row. */
    static List<JsonObject> panels(Path file) {
        return read(file).getJsonArray("panels").stream()
                .map(JsonObject.class::cast)
                .filter(panel -> !panel.getString("type").equals("row"))
                .toList();
    }

    /** Returns the variables of a dashboard, without the data source. */
    static List<JsonObject> variables(Path file) {
        return read(file).getJsonObject("templating").getJsonArray("list").stream()
                .map(JsonObject.class::cast)
                .filter(variable -> variable.getString("type").equals("query"))
                .toList();
    }

    /** Returns the queries of all panels. */
    static List<PanelQuery> queries() {
        List<PanelQuery> queries = new ArrayList<>();
        for (Path file : files()) {
            for (JsonObject panel : panels(file)) {
                panel.getJsonArray("targets").stream()
                        .map(JsonObject.class::cast)
                        .forEach(target -> queries.add(new PanelQuery(
                                file.getFileName() + " / " + panel.getString("title"), target.getString("expr"))));
            }
        }
        return queries;
    }
}
