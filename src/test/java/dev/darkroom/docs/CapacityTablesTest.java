package dev.darkroom.docs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.Settings;
import dev.darkroom.config.SettingsLoader;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Recomputes the tables of {@code docs/capacity.md} from its parameters and formulas, and compares the parameters with their sources. */
class CapacityTablesTest {
    private static final String COMMAND = "python3 docs/models/capacity_model.py --write";
    private static final String TEXT = MarkdownPages.read(Path.of("docs/capacity.md"));
    private static final String PERFORMANCE = MarkdownPages.read(Path.of("docs/performance.md"));
    private static final ModelTables MODEL = new ModelTables(TEXT);

    @Test
    @DisplayName("every value of the capacity model follows from its formula")
    void valuesFollowFromFormulas() {
        assertThat(MODEL.rows()).hasSizeGreaterThan(20);
        MODEL.assertValuesFollowFromFormulas(COMMAND);
    }

    @Test
    void summaryShowsValuesOfTheModel() {
        Map<String, List<String>> model = MODEL.rowsByName();
        List<String> summary = TEXT.substring(TEXT.indexOf("<!-- model: sizes -->"))
                .lines()
                .skip(3)
                .takeWhile(line -> line.startsWith("|"))
                .toList();

        assertThat(summary).hasSizeGreaterThan(10).allSatisfy(row -> {
            List<String> cells = ModelTables.cells(row);
            MatchResult name = Pattern.compile("`([a-z_]+)`")
                    .matcher(cells.get(0))
                    .results()
                    .findFirst()
                    .orElseThrow();
            assertThat(cells.subList(1, 4))
                    .as("%s; %s", name.group(1), COMMAND)
                    .isEqualTo(model.get(name.group(1)).subList(2, 5));
        });
    }

    @Test
    void measuredParametersAreThoseOfThePerformancePage() {
        Map<String, Double> measured = new HashMap<>();
        Pattern.compile("\\| `([a-z_]+)` \\| ([0-9.]+) \\|")
                .matcher(PERFORMANCE.substring(
                        PERFORMANCE.indexOf("for the [capacity model]"), PERFORMANCE.indexOf("<!-- end of scale -->")))
                .results()
                .forEach(row -> measured.put(row.group(1), Double.valueOf(row.group(2))));
        MatchResult read = Pattern.compile(
                        "\\| GET, waiting(?:, \\d+ bytes)? \\| Darkroom \\| [0-9.]+ \\| (\\d+) \\| (\\d+) \\|")
                .matcher(PERFORMANCE)
                .results()
                .findFirst()
                .orElseThrow();
        measured.put("read_own_us", Double.valueOf(read.group(1)));
        measured.put("read_us", Double.valueOf(read.group(2)));

        assertThat(measured).hasSize(9);
        assertThat(MODEL.parameters()).as(COMMAND).containsAllEntriesOf(measured);
    }

    @Test
    void otherParametersAreDefaults() {
        Settings defaults = SettingsLoader.load(Map.of(), Path.of(".")).settings();

        assertThat(MODEL.parameters())
                .containsEntry("node_streams", (double) defaults.streams().perProcess())
                // The pool, two connections for heartbeats, and LISTEN.
                .containsEntry("node_connections", defaults.database().poolSize() + 3.0);
    }
}
