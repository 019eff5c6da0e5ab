package dev.darkroom.docs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.DarkroomExtension;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.WebhookReceiver;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs the commands of the pages in order and compares the output with the page. The JDK sends simple requests. Bash runs other
 * commands in the profile "examples", which requires curl, jq and psql.
 */
@Timeout(240)
class DocumentedCommandsIT {
    @RegisterExtension
    static final DarkroomExtension service = new DarkroomExtension(DarkroomInstanceSettings.forTests()
            // The sizes of the pages.
            .with("DARKROOM_GENERATION_DEFAULT_WIDTH", "512")
            .with("DARKROOM_GENERATION_DEFAULT_HEIGHT", "512")
            .with("DARKROOM_LIMITS_REQUESTS_PER_SECOND", "100")
            .webhooksOnLoopback());

    private static WebhookReceiver webhookReceiver;

    @TempDir
    static Path directory;

    @BeforeAll
    static void start() {
        webhookReceiver = new WebhookReceiver();
    }

    @AfterAll
    static void stop() {
        webhookReceiver.close();
    }

    /** Returns the URLs of this run by the URLs on the pages. */
    private static Map<String, String> actualUrls() {
        Map<String, String> actualUrls = new LinkedHashMap<>();
        actualUrls.put("http://127.0.0.1:8080", service.darkroom().api().toString());
        actualUrls.put("http://127.0.0.1:8081", service.darkroom().management().toString());
        actualUrls.put(
                "http://127.0.0.1:8082",
                "http://127.0.0.1:" + service.aiServer().port());
        actualUrls.put("https://hooks.example.org", webhookReceiver.url(""));
        return actualUrls;
    }

    @TestFactory
    Stream<DynamicTest> responsesMatchPages() {
        return DocumentedCommand.PAGES.stream().flatMap(this::requestsOf);
    }

    private Stream<DynamicTest> requestsOf(Path page) {
        ExpectedOutput.Bindings bindings = new ExpectedOutput.Bindings();
        CommandPreconditions preconditions =
                new CommandPreconditions(service.darkroom(), service.aiServer()).addApiPreconditions();
        return blocks(page, DocumentedCommand.Runner.REQUESTS)
                .map(block -> DynamicTest.dynamicTest(block.toString(), () -> send(block, preconditions, bindings)));
    }

    private static Stream<MarkdownPages.Block> blocks(Path page, DocumentedCommand.Runner runner) {
        return DocumentedCommand.blocks(page).stream()
                .filter(block -> !SkippedCommands.isSkipped(block))
                .filter(block -> DocumentedCommand.runner(block) == runner);
    }

    private static void send(
            MarkdownPages.Block block, CommandPreconditions preconditions, ExpectedOutput.Bindings bindings) {
        Runnable onFirstBytes = preconditions.prepare(block, bindings);
        for (DocumentedCommand documented : DocumentedCommand.commandsOf(block)) {
            CurlRequest request = CurlRequest.parse(
                    PlaceholderSubstitution.toActual(bindings.insertInto(documented.command()), actualUrls()));
            ExpectedOutput expected = new ExpectedOutput(documented.output());
            CurlRequest.CurlResult curlResult = request.send(
                    received -> expected.matches(
                            PlaceholderSubstitution.toDocumented(received, actualUrls()),
                            true,
                            new ExpectedOutput.Bindings()),
                    onFirstBytes);
            String output = PlaceholderSubstitution.toDocumented(curlResult.output(), actualUrls());
            if (documented.output().isBlank()) {
                assertThat(curlResult.status()).as("%s: %s", block, output).isLessThan(400);
            } else {
                assertThat(expected.matches(output, request.streaming(), bindings))
                        .as("%s: the page shows\n%s\nand the output is\n%s\n", block, documented.output(), output)
                        .isTrue();
            }
        }
    }

    /** Runs the shell commands of the API pages against the service of this test. */
    @TestFactory
    @Tag("examples")
    Stream<DynamicTest> outputOfApiCommandsMatchesPages() {
        ExpectedOutput.Bindings bindings = new ExpectedOutput.Bindings();
        return Stream.of("docs/api.md", "docs/notifications.md", "docs/webhooks.md")
                .flatMap(page -> blocks(Path.of(page), DocumentedCommand.Runner.SHELL))
                .map(block -> DynamicTest.dynamicTest(block.toString(), () -> {
                    try (ShellSession shell = new ShellSession(
                            directory, Map.of("API", service.darkroom().api().toString()))) {
                        DocumentedCommand.commandsOf(block)
                                .forEach(command -> DocumentedTour.run(block, command, shell, actualUrls(), bindings));
                    }
                }));
    }

    /** Runs the commands of the tour, the README and the operations page with the packaged jar. */
    @TestFactory
    @Tag("examples")
    Stream<DynamicTest> outputOfTourCommandsMatchesPages() {
        DocumentedTour tour = new DocumentedTour(directory);
        return Stream.of("docs/tour.md", "README.md", "docs/operations.md")
                .map(Path::of)
                .flatMap(page -> DocumentedCommand.blocks(page).stream()
                        .filter(block -> !SkippedCommands.isSkipped(block))
                        .filter(block -> DocumentedCommand.runner(block) != DocumentedCommand.Runner.SETTINGS))
                .map(block -> DynamicTest.dynamicTest(block.toString(), () -> tour.run(block)))
                .onClose(tour::close);
    }
}
