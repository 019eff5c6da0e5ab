package dev.darkroom.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Tests the parsing of commands on pages, and runs the blocks that need no service. */
class DocumentedCommandsTest {
    @TempDir
    Path directory;

    static Stream<MarkdownPages.Block> blocks() {
        return DocumentedCommand.PAGES.stream().flatMap(page -> DocumentedCommand.blocks(page).stream());
    }

    static Stream<MarkdownPages.Block> settings() {
        return blocks().filter(block -> !SkippedCommands.isSkipped(block))
                .filter(block -> DocumentedCommand.runner(block) == DocumentedCommand.Runner.SETTINGS);
    }

    @ParameterizedTest
    @MethodSource("settings")
    void documentedSettingsAreValid(MarkdownPages.Block block) {
        ExportCommand.assertAccepted(block.text().replaceAll("(?m)^\\$ ", ""), directory);
    }

    @Test
    void everySkippedBlockMatchesOneBlock() {
        for (SkippedCommands.SkippedBlock skippedBlock : SkippedCommands.SKIPPED_BLOCKS) {
            assertThat(blocks().filter(skippedBlock::matches))
                    .as("blocks of %s that begin with %s", skippedBlock.page(), skippedBlock.firstLine())
                    .hasSize(1);
            assertThat(skippedBlock.reason()).endsWith(".");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "bash, make, true",
        "sh, make, true",
        "console, $ make, true",
        "'', $ make, true",
        "text, $ make, true",
        "'', curl http://a, true",
        "text, export A=b, true",
        "'', A=b java -jar c.jar, true",
        "'', 2026-11-23T16:11:42.800Z INFO  ProcessLifecycle - shutdown requested, false",
        "text, POST /darkroom HTTP/1.1, false",
        "json, '{\"a\": 1}', false",
        "js, '$ is a name', false"
    })
    void detectsCommandsIndependentlyOfTag(String tag, String line, boolean expected) {
        MarkdownPages.Block block = new MarkdownPages.Block(Path.of("a.md"), 1, tag, line + "\n");

        assertThat(DocumentedCommand.isShell(block)).isEqualTo(expected);
    }

    @Test
    void parsesCommandsAndOutput() throws Exception {
        Path page = directory.resolve("page.md");
        Files.writeString(page, """
                # A page
                ```
                $ curl -s http://a/b -H 'C: d' \\
                    -d "{\\"e\\": 1}"
                {"f": 2}
                $ ls | wc -l
                3
                ```

                ```json
                {"more": true}
                ```
                and
                ```
                no output
                ```
                """);

        List<DocumentedCommand> commands =
                DocumentedCommand.commandsOf(DocumentedCommand.blocks(page).get(0));

        assertThat(commands)
                .containsExactly(
                        new DocumentedCommand(
                                "curl -s http://a/b -H 'C: d' \\\n    -d \"{\\\"e\\\": 1}\"", "{\"f\": 2}\n"),
                        new DocumentedCommand("ls | wc -l", "3\n\n{\"more\": true}\n"));
        assertThat(CurlRequest.parse(commands.get(0).command()))
                .isEqualTo(new CurlRequest("POST", "http://a/b", List.of("C", "d"), "{\"e\": 1}", false, false));
        assertThat(CurlRequest.parse(commands.get(1).command())).isNull();
        assertThat(DocumentedCommand.blocks(page)).hasSize(1);
    }

    @Test
    void ignoresVaryingValuesInOutput() {
        ExpectedOutput.Bindings bindings = new ExpectedOutput.Bindings();
        String id = "01a209f3-5c1e-7b8a-9c55-2f6d1a0b7e44";
        String other = "01b309f3-5c1e-7b8a-9c55-2f6d1a0b7e44";
        ExpectedOutput expected = new ExpectedOutput(
                "HTTP/1.1 202 Accepted\nLocation: /a/" + id + "\ncontent-length: 12\n\n" + "{\n  \"id\": \"" + id
                        + "\", \"at\": \"2026-11-23T16:13:02.363Z\", \"seed\": 7, \"n\": 1, ...}");
        String head = "HTTP/1.1 202 Accepted\nother: x\ncontent-length: 99\nlocation: /a/%s\n\n";
        String body = "{\"id\":\"%s\",\"at\":\"2027-01-01T00:00:00.1Z\",\"seed\":99,\"n\":%d,\"more\":{}}";

        assertThat(expected.matches((head + body).formatted(other, other, 2), false, bindings))
                .as("another number")
                .isFalse();
        assertThat(expected.matches((head + body).formatted(id, other, 1), false, bindings))
                .as("two ids for one")
                .isFalse();
        assertThat(expected.matches(body.formatted(other, 1), false, bindings))
                .as("no head")
                .isFalse();
        assertThat(expected.matches((head.replace("202", "200") + body).formatted(other, other, 1), false, bindings))
                .as("another status")
                .isFalse();
        assertThat(expected.matches((head + body).formatted(other, other, 1), false, bindings))
                .isTrue();
        assertThat(bindings.insertInto("curl http://a/" + id)).isEqualTo("curl http://a/" + other);
        assertThat(new ExpectedOutput(id).matches(id, false, bindings))
                .as("an id already bound to another value")
                .isFalse();
        assertThat(new ExpectedOutput("a\n").matches("a\nb", false, bindings)).isFalse();
        assertThat(new ExpectedOutput("a\n").matches("a\nb", true, bindings)).isTrue();
    }

    @Test
    void everyPageHasTestedCommands() {
        for (Path page : DocumentedCommand.PAGES) {
            List<MarkdownPages.Block> run = new ArrayList<>(DocumentedCommand.blocks(page));
            run.removeIf(SkippedCommands::isSkipped);
            assertThat(run).as(page.toString()).isNotEmpty();
        }
    }
}
