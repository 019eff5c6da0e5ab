package dev.darkroom.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** The page {@code docs/notifications-design.md} and its tables. */
final class NotificationDesign {
    static final Path PAGE = Path.of("docs/notifications-design.md");
    static final String TEXT = MarkdownPages.read(PAGE);

    private NotificationDesign() {}

    /** Returns the text before the appendix. */
    static String body() {
        return TEXT.substring(0, TEXT.indexOf("\n## Appendix"));
    }

    /** Returns the cells of the rows of the table that begins with this line. */
    static List<List<String>> table(String firstLine) {
        List<String> lines = TEXT.lines().toList();
        int header = lines.indexOf(firstLine);
        assertThat(header).as("a table that begins with " + firstLine).isNotNegative();
        List<List<String>> rows = new ArrayList<>();
        for (int i = header + 2; i < lines.size() && lines.get(i).startsWith("|"); i++) {
            String line = lines.get(i);
            rows.add(Stream.of(line.substring(1, line.length() - 1).split("\\|"))
                    .map(String::strip)
                    .toList());
        }
        return rows;
    }

    /** Removes the marks of a code span. */
    static String plain(String cell) {
        return cell.replace("`", "");
    }
}
