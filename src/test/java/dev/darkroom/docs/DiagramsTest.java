package dev.darkroom.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Checks that every Mermaid diagram has rendered images of its current source. */
class DiagramsTest {
    private static final Path DOCS = Path.of("docs");
    private static final Pattern NAMED =
            Pattern.compile("<!-- diagram: ([a-z0-9-]+) -->\n```mermaid\n(.*?)```", Pattern.DOTALL);

    private static final Pattern VIEW_BOX = Pattern.compile("viewBox=\"\\S+ \\S+ (\\S+) \\S+\"");

    private record Diagram(String name, String source) {
        @Override
        public String toString() {
            return name;
        }
    }

    private static List<String> documents() {
        try (Stream<Path> files = Files.walk(DOCS)) {
            return files.filter(file -> file.toString().endsWith(".md"))
                    .map(DiagramsTest::read)
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Stream<Diagram> diagrams() {
        return documents().stream()
                .flatMap(text -> NAMED.matcher(text).results())
                .map((MatchResult found) -> new Diagram(found.group(1), found.group(2)));
    }

    @Test
    void everyDiagramHasUniqueName() {
        long blocks = documents().stream()
                .flatMap(text -> text.lines())
                .filter("```mermaid"::equals)
                .count();

        assertThat(diagrams()).hasSize((int) blocks).extracting(Diagram::name).doesNotHaveDuplicates();
    }

    @ParameterizedTest
    @MethodSource("diagrams")
    void imagesMatchDiagramSource(Diagram diagram) {
        for (String suffix : List.of(".svg", "-dark.svg")) {
            assertThat(read(DOCS.resolve("diagrams").resolve(diagram.name() + suffix)))
                    .as("./mvnw -Pdiagrams renders the images")
                    .contains("<!-- source sha256:" + sha256(diagram.source()) + " -->");
        }
    }

    /** A wider image is not legible in the 800 pixels that a page of a repository has for it. */
    @ParameterizedTest
    @MethodSource("diagrams")
    void imageIsAtMost1000PixelsWide(Diagram diagram) {
        MatchResult viewBox = VIEW_BOX.matcher(read(DOCS.resolve("diagrams").resolve(diagram.name() + ".svg")))
                .results()
                .findFirst()
                .orElseThrow();

        assertThat(Double.parseDouble(viewBox.group(1))).isLessThanOrEqualTo(1000);
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String sha256(String text) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
