package dev.darkroom.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.darkroom.config.Settings;
import dev.darkroom.config.SettingsLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Recomputes the capacity and cost tables of the notification design from its parameters and formulas. */
class NotificationModelTest {
    private static final String SIZES = "| name | formula | 10 thousand | 1 million | 100 million |";
    private static final int SIZE_COUNT = 3;

    /** The displayed values have three significant digits. */
    private static final double ROUNDING = 0.006;

    private static final Map<String, Double> PARAMETERS = new HashMap<>();

    @BeforeAll
    static void readParameters() {
        NotificationDesign.TEXT
                .lines()
                .filter(line -> line.matches("\\| `[a-z_]+` \\| [0-9.]+ \\| .*"))
                .map(line -> line.split("\\|"))
                .forEach(cells ->
                        PARAMETERS.put(NotificationDesign.plain(cells[1].strip()), Double.valueOf(cells[2].strip())));
    }

    @Test
    @DisplayName("every value of the capacity and cost tables follows from its formula")
    void tablesFollowFromFormulas() {
        List<List<String>> rows = modelRows();
        assertThat(rows).hasSizeGreaterThan(20);
        for (int size = 0; size < SIZE_COUNT; size++) {
            Map<String, Double> values = new HashMap<>(PARAMETERS);
            for (List<String> row : rows) {
                String name = NotificationDesign.plain(row.get(0));
                String formula = NotificationDesign.plain(row.get(1));
                double shown = Double.parseDouble(row.get(2 + size).replace(",", ""));
                double computed = formula.isEmpty() ? shown : ModelExpression.evaluate(formula, values);
                values.put(name, computed);

                assertThat(shown)
                        .as("%s of size %d; python3 docs/models/notification_model.py --write", name, size)
                        .isCloseTo(computed, within(Math.max(0.5 * (computed >= 100 ? 1 : 0), computed * ROUNDING)));
            }
        }
    }

    @Test
    void parametersAreDefaultsAndMeasurements() {
        Settings defaults = SettingsLoader.load(Map.of(), Path.of(".")).settings();
        String performance = MarkdownPages.read(Path.of("docs/performance.md"));

        assertThat(PARAMETERS)
                .containsEntry("node_streams", (double) defaults.streams().perProcess())
                .containsEntry("connects", (double) defaults.streams().connectsPerSecond())
                .containsEntry("poll_s", (double)
                        defaults.notifications().pollInterval().toSeconds())
                .containsEntry("days", defaults.notifications().retention().toDays() + 7.0);
        assertThat(performance)
                .contains("| Darkroom, serial collector, heap of 256 MB | " + PARAMETERS.get("stream_kb"))
                .contains("| Centrifugo | " + PARAMETERS.get("engine_kb"));
        assertThat(NotificationDesign.TEXT).contains("%,.0f with collected hints".formatted(PARAMETERS.get("ends")));
    }

    @Test
    void deploymentFigureShowsTheModel() {
        Map<String, List<String>> rows = new HashMap<>();
        modelRows().forEach(row -> rows.put(NotificationDesign.plain(row.get(0)), row));
        String figure = MarkdownPages.read(Path.of("docs/diagrams/notification-deployment.svg"));

        assertThat(figure)
                .contains(rows.get("nodes").get(2) + " nodes")
                .contains(rows.get("nodes").get(3) + " stream nodes")
                .contains(rows.get("nodes_cell").get(4) + " stream nodes")
                .contains("Cell " + rows.get("cells").get(4))
                .contains("(" + rows.get("streams").get(2) + " streams at peak)")
                .contains("(" + rows.get("streams").get(3) + " streams at peak)");
    }

    private static List<List<String>> modelRows() {
        String text = NotificationDesign.TEXT;
        assertThat(text.split(Pattern.quote(SIZES), -1)).hasSize(3);
        List<List<String>> rows = new ArrayList<>();
        int start = 0;
        for (int found = text.indexOf(SIZES, start); found >= 0; found = text.indexOf(SIZES, found + 1)) {
            text.substring(found)
                    .lines()
                    .skip(2)
                    .takeWhile(line -> line.startsWith("|"))
                    .forEach(line -> rows.add(
                            Stream.of(line.substring(1, line.length() - 1).split("\\|"))
                                    .map(String::strip)
                                    .toList()));
        }
        return rows;
    }
}
