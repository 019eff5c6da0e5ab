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
 * Every command of the pages is run, in the order of the page, and prints what the page shows. Requests are sent by the JDK. What needs a shell
 * is run by bash, in the profile "examples", which needs curl, jq and psql.
 */
@Timeout(120)
class DocumentedCommandsIT {
    @RegisterExtension
    static final DarkroomExtension service = new DarkroomExtension(DarkroomInstanceSettings.forTests()
            .with("DARKROOM_LIMITS_REQUESTS_PER_SECOND", "100")
            .with("DARKROOM_WEBHOOKS_ALLOWED_NETWORKS", "127.0.0.0/8")
            .with("DARKROOM_WEBHOOKS_ALLOW_HTTP", "true")
            .with("DARKROOM_WEBHOOKS_ALLOWED_PORTS", "*"));

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

    /** What stands on the pages for the ports of this run. */
    private static Map<String, String> places() {
        Map<String, String> places = new LinkedHashMap<>();
        places.put("http://127.0.0.1:8080", service.darkroom().api().toString());
        places.put("http://127.0.0.1:8081", service.darkroom().management().toString());
        places.put(
                "http://127.0.0.1:8082",
                "http://127.0.0.1:" + service.aiServer().port());
        places.put("https://hooks.example.org", webhookReceiver.url(""));
        return places;
    }

    @TestFactory
    Stream<DynamicTest> requestsAreAnsweredAsShown() {
        return DocumentedCommand.PAGES.stream().flatMap(this::requestsOf);
    }

    private Stream<DynamicTest> requestsOf(Path page) {
        ExpectedOutput.Bindings bindings = new ExpectedOutput.Bindings();
        CommandPreconditions scenes =
                new CommandPreconditions(service.darkroom(), service.aiServer()).addApiPreconditions();
        return run(page, DocumentedCommand.Runner.REQUESTS)
                .map(block -> DynamicTest.dynamicTest(block.toString(), () -> send(block, scenes, bindings)));
    }

    private static Stream<MarkdownPages.Block> run(Path page, DocumentedCommand.Runner runner) {
        return DocumentedCommand.blocks(page).stream()
                .filter(block -> !SkippedCommands.isSkipped(block))
                .filter(block -> DocumentedCommand.runner(block) == runner);
    }

    private static void send(MarkdownPages.Block block, CommandPreconditions scenes, ExpectedOutput.Bindings bindings) {
        Runnable begun = scenes.prepare(block, bindings);
        for (DocumentedCommand documented : DocumentedCommand.commandsOf(block)) {
            CurlRequest request = CurlRequest.parse(
                    PlaceholderSubstitution.toActual(bindings.insertInto(documented.command()), places()));
            ExpectedOutput expected = new ExpectedOutput(documented.output());
            CurlRequest.CurlResult curlResult = request.send(
                    so -> expected.matches(
                            PlaceholderSubstitution.toDocumented(so, places()), true, new ExpectedOutput.Bindings()),
                    begun);
            String output = PlaceholderSubstitution.toDocumented(curlResult.output(), places());
            if (documented.output().isBlank()) {
                assertThat(curlResult.status()).as("%s: %s", block, output).isLessThan(400);
            } else {
                assertThat(expected.matches(output, request.streaming(), bindings))
                        .as("%s shows\n%s\nand this run got\n%s\n", block, documented.output(), output)
                        .isTrue();
            }
        }
    }

    /** The pages on the API, with the service of this test. */
    @TestFactory
    @Tag("examples")
    Stream<DynamicTest> commandsOfTheApiPrintWhatIsShown() {
        ExpectedOutput.Bindings bindings = new ExpectedOutput.Bindings();
        return Stream.of("docs/api.md", "docs/notifications.md", "docs/webhooks.md")
                .flatMap(page -> run(Path.of(page), DocumentedCommand.Runner.SHELL))
                .map(block -> DynamicTest.dynamicTest(block.toString(), () -> {
                    try (ShellSession shell = new ShellSession(
                            directory, Map.of("API", service.darkroom().api().toString()))) {
                        DocumentedCommand.commandsOf(block)
                                .forEach(command -> ReadmeWalkthrough.run(block, command, shell, places(), bindings));
                    }
                }));
    }

    /** The tour of the README and the commands of operators, with the jar. */
    @TestFactory
    @Tag("examples")
    Stream<DynamicTest> commandsOfTheReadmeAndOfOperatorsPrintWhatIsShown() {
        ReadmeWalkthrough tour = new ReadmeWalkthrough(directory);
        return Stream.of("README.md", "docs/operations.md")
                .map(Path::of)
                .flatMap(page -> DocumentedCommand.blocks(page).stream()
                        .filter(block -> !SkippedCommands.isSkipped(block))
                        .filter(block -> DocumentedCommand.runner(block) != DocumentedCommand.Runner.SETTINGS))
                .map(block -> DynamicTest.dynamicTest(block.toString(), () -> tour.run(block)))
                .onClose(tour::close);
    }
}
