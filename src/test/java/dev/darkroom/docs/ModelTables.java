package dev.darkroom.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Parameters and tables of a model in a page. A table has a name, a formula and a value for each of three sizes per row. */
final class ModelTables {
    /** The first line of a table. */
    static final String SIZES = "| name | formula | 10 thousand | 1 million | 100 million |";

    private static final int SIZE_COUNT = 3;

    /** The displayed values have three significant digits. */
    private static final double ROUNDING = 0.006;

    private final String text;

    /** @param text of the page */
    ModelTables(String text) {
        this.text = text;
    }

    /** Returns the parameters by name, from the tables with a name and a value per row. */
    Map<String, Double> parameters() {
        Map<String, Double> parameters = new HashMap<>();
        text.lines()
                .filter(line -> line.matches("\\| `[a-z_]+` \\| [0-9.]+ \\| .*"))
                .map(ModelTables::cells)
                .forEach(cells -> parameters.put(plain(cells.get(0)), Double.valueOf(cells.get(1))));
        return parameters;
    }

    /** Returns the cells of the rows of all tables of the model. */
    List<List<String>> rows() {
        List<List<String>> rows = new ArrayList<>();
        for (int found = text.indexOf(SIZES); found >= 0; found = text.indexOf(SIZES, found + 1)) {
            text.substring(found)
                    .lines()
                    .skip(2)
                    .takeWhile(line -> line.startsWith("|"))
                    .map(ModelTables::cells)
                    .forEach(rows::add);
        }
        return rows;
    }

    /** Returns the rows by name. */
    Map<String, List<String>> rowsByName() {
        Map<String, List<String>> byName = new HashMap<>();
        rows().forEach(row -> byName.put(plain(row.get(0)), row));
        return byName;
    }

    /** Recomputes each value from its formula. */
    void assertValuesFollowFromFormulas(String recomputeCommand) {
        for (int size = 0; size < SIZE_COUNT; size++) {
            Map<String, Double> values = parameters();
            for (List<String> row : rows()) {
                String name = plain(row.get(0));
                String formula = plain(row.get(1));
                double shown = Double.parseDouble(row.get(2 + size).replace(",", ""));
                double computed = formula.isEmpty() ? shown : ModelExpression.evaluate(formula, values);
                values.put(name, computed);

                assertThat(shown)
                        .as("%s of size %d; %s", name, size, recomputeCommand)
                        .isCloseTo(computed, within(Math.max(0.5 * (computed >= 100 ? 1 : 0), computed * ROUNDING)));
            }
        }
    }

    static List<String> cells(String row) {
        return Stream.of(row.substring(1, row.length() - 1).split("\\|", -1))
                .map(String::strip)
                .toList();
    }

    /** Removes the marks of a code span. */
    static String plain(String cell) {
        return cell.replace("`", "");
    }
}
