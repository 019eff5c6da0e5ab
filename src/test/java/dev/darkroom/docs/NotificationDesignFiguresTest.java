package dev.darkroom.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Checks form and figures of the notification design. */
class NotificationDesignFiguresTest {
    private static final Path SCRIPT = Path.of("src/diagrams/notification_design.py");
    private static final Path FOLDER = Path.of("docs/diagrams");
    private static final String DESCRIPTIONS = MarkdownPages.read(FOLDER.resolve("notification-figures.md"));
    private static final Pattern FIGURE = Pattern.compile(
            "<picture><source media=\"\\(prefers-color-scheme: dark\\)\" srcset=\"diagrams/([a-z-]+)-dark\\.svg\">"
                    + "<img src=\"diagrams/\\1\\.svg\" width=\"800\" alt=\"[^\"]{10,}\"></picture>\n\n\\*Figure ([0-9]+)\\. ");
    private static final Pattern FONT_SIZE = Pattern.compile("font-size=\"([0-9]+)\"");
    private static final int MIN_FONT_SIZE = 12;
    private static final int MAX_WORDS = 6_500;
    private static final int HEADER_LENGTH = 2_000;

    static Stream<String> figures() {
        return FIGURE.matcher(NotificationDesign.TEXT).results().map(found -> found.group(1));
    }

    @Test
    @DisplayName(
            "every figure of the script is embedded once, with dark variant, alternative text and numbered caption")
    void embedsEveryFigureWithCaption() throws IOException {
        List<String> embedded = figures().sorted().toList();
        List<String> numbers = FIGURE.matcher(NotificationDesign.TEXT)
                .results()
                .map((MatchResult found) -> found.group(2))
                .toList();

        try (Stream<Path> files = Files.list(FOLDER)) {
            assertThat(embedded)
                    .containsExactlyElementsOf(files.map(
                                    file -> file.getFileName().toString())
                            .filter(name -> name.matches("notification-.*\\.svg") && !name.endsWith("-dark.svg"))
                            .map(name -> name.replace(".svg", ""))
                            .sorted()
                            .toList());
        }
        assertThat(numbers)
                .containsExactlyElementsOf(Stream.iterate(1, n -> n + 1)
                        .limit(embedded.size())
                        .map(String::valueOf)
                        .toList());
    }

    @ParameterizedTest
    @MethodSource("figures")
    void figuresAreCurrentAndReadable(String name) throws IOException, NoSuchAlgorithmException {
        byte[] digest = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(SCRIPT));
        for (String suffix : List.of(".svg", "-dark.svg")) {
            String svg = MarkdownPages.read(FOLDER.resolve(name + suffix));

            assertThat(svg)
                    .as("python3 %s draws the figures", SCRIPT)
                    .contains("<!-- source sha256:" + HexFormat.of().formatHex(digest) + " -->");
            assertThat(svg.substring(0, HEADER_LENGTH))
                    .contains("viewBox=\"0 0 800 ", "<title ", "<desc ", "role=\"img\"");
            assertThat(FONT_SIZE.matcher(svg).results().map(found -> Integer.valueOf(found.group(1))))
                    .isNotEmpty()
                    .allMatch(size -> size >= MIN_FONT_SIZE);
        }
    }

    @Test
    void sequencesHaveElseBranches() {
        for (String name : List.of("watching", "offline", "node-dies", "devices", "webhook-down")) {
            assertThat(MarkdownPages.read(FOLDER.resolve("notification-" + name + ".svg")))
                    .contains(">alt ", ">else ");
        }
    }

    @Test
    @DisplayName("the ten required sections come in order, and each begins with its status")
    void sectionsHaveOrderAndStatus() {
        List<String> headings = NotificationDesign.body()
                .lines()
                .filter(line -> line.matches("## [0-9]+\\. .*"))
                .toList();

        assertThat(headings)
                .containsExactly(
                        "## 1. System architecture diagram",
                        "## 2. Technology choices and rationale",
                        "## 3. Message format and schema",
                        "## 4. Error handling",
                        "## 5. User offline handling",
                        "## 6. User acknowledgement",
                        "## 7. Scaling considerations, risks and mitigations",
                        "## 8. Security considerations, risks and mitigations",
                        "## 9. Trade-offs and recommended alternatives",
                        "## 10. Implementation complexity (time, cost, skills)");
        for (String heading : headings) {
            assertThat(NotificationDesign.body())
                    .containsPattern(Pattern.quote(heading) + "\n\n\\*\\*(Built|Proposed)");
        }
    }

    @Test
    void hasAtMost6500WordsBeforeTheAppendix() {
        assertThat(NotificationDesign.body().split("\\s+")).hasSizeLessThanOrEqualTo(MAX_WORDS);
    }
}
