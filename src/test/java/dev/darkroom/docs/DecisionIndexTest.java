package dev.darkroom.docs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.GeneratedDocumentSection;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Checks that the index of decisions lists every page of {@code docs/decisions} with title and status. */
class DecisionIndexTest {
    private static final Path FOLDER = Path.of("docs/decisions");
    private static final Pattern NAME = Pattern.compile("([0-9]{4})-[a-z0-9-]+\\.md");
    private static final Pattern TITLE = Pattern.compile("# ([0-9]+)\\. (.+)");
    private static final Pattern STATUS = Pattern.compile("Status: (.+)");
    private static final GeneratedDocumentSection INDEX = new GeneratedDocumentSection(
            "docs/decisions/0001-record-decisions.md",
            "index",
            "the pages of this folder",
            "./mvnw test -Dtest=DecisionIndexTest");

    private static List<Path> pages() throws IOException {
        try (Stream<Path> files = Files.list(FOLDER)) {
            return files.sorted().toList();
        }
    }

    private static String line(Path page, Pattern pattern, int group) throws IOException {
        for (String line : Files.readAllLines(page)) {
            Matcher matcher = pattern.matcher(line);
            if (matcher.matches()) {
                return matcher.group(group);
            }
        }
        throw new AssertionError(page + " has no line " + pattern);
    }

    @Test
    void indexListsEveryDecision() throws IOException {
        StringBuilder table = new StringBuilder("| page | decision | status |\n|---|---|---|\n");
        for (Path page : pages().subList(1, pages().size())) {
            String name = page.getFileName().toString();
            table.append("| [%s](%s) | %s | %s |\n"
                    .formatted(name.substring(0, 4), name, line(page, TITLE, 2), line(page, STATUS, 1)));
        }

        INDEX.assertContent(table.toString());
    }

    @Test
    void eachNumberIsThatOfOneDecision() throws IOException {
        assertThat(pages().stream().map(page -> page.getFileName().toString().substring(0, 4)))
                .doesNotHaveDuplicates();
    }

    @Test
    void titleNumbersMatchFileNames() throws IOException {
        for (Path page : pages()) {
            Matcher name = NAME.matcher(page.getFileName().toString());
            assertThat(name.matches()).as(page.toString()).isTrue();
            assertThat(Integer.parseInt(line(page, TITLE, 1)))
                    .as(page.toString())
                    .isEqualTo(Integer.parseInt(name.group(1)));
        }
        assertThat(pages())
                .extracting(page -> page.getFileName().toString().substring(0, 4))
                .doesNotHaveDuplicates();
    }
}
