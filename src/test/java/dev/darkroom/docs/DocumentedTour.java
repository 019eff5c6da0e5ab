package dev.darkroom.docs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.DarkroomInstanceProcess;
import dev.darkroom.testing.FreePort;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;

/**
 * Runs the commands of the tour, which starts the service, and then those of other pages on the same service, in an empty directory.
 * Uses the packaged jar instead of {@code ./mvnw -q compile exec:java}.
 */
final class DocumentedTour implements AutoCloseable {
    private static final String START = "./mvnw -q compile exec:java";

    /** Limit for an output: a lease expiry, the lease reaper, and a slow machine. */
    private static final Duration TIMEOUT = Duration.ofSeconds(90);

    /** Matches commands that change state, which run once. Others repeat until the output matches. */
    private static final Pattern STATE_CHANGING_COMMAND =
            Pattern.compile("curl .*-[dX] |kill |>>|=\\$\\(", Pattern.DOTALL);

    /** Number of running AI calls when the tour kills the service. */
    private static final int CALLS = 2;

    private final Path directory;
    private final Map<String, String> environment;
    private final Map<String, String> places = new LinkedHashMap<>();
    private final Map<Path, ExpectedOutput.Bindings> values = new LinkedHashMap<>();
    private final HttpClient http = HttpClient.newHttpClient();
    private final String simulator;
    private ShellSession shell;
    private DarkroomInstanceProcess process;

    DocumentedTour(Path directory) {
        this.directory = directory;
        int api = FreePort.find();
        int management = FreePort.find();
        int port = FreePort.find();
        this.simulator = "http://127.0.0.1:" + port;
        this.environment = Map.of(
                "DARKROOM_HTTP_PORT", String.valueOf(api),
                "DARKROOM_MANAGEMENT_PORT", String.valueOf(management),
                "DARKROOM_SIMULATOR_PORT", String.valueOf(port));
        places.put("http://127.0.0.1:8080", "http://127.0.0.1:" + api);
        places.put("http://127.0.0.1:8081", "http://127.0.0.1:" + management);
        places.put("http://127.0.0.1:8082", simulator);
    }

    void run(MarkdownPages.Block block) throws IOException, InterruptedException {
        if (shell == null) {
            shell = new ShellSession(directory, environment);
            Files.createSymbolicLink(directory.resolve("darkroom.jar"), DarkroomInstanceProcess.jar());
            places.put("/tmp/darkroom", directory.toRealPath().toString());
        }
        ExpectedOutput.Bindings bindings = values.computeIfAbsent(block.page(), page -> new ExpectedOutput.Bindings());
        if (block.firstLine().startsWith("$ java -jar darkroom.jar explain")) {
            bindings.put("01a20a6d-f2d8-727f-8bbd-42a921182a92", createRetriedGeneration());
        }
        for (DocumentedCommand command : DocumentedCommand.commandsOf(block)) {
            if (command.command().equals(START)) {
                start(block, command, bindings);
            } else {
                if (command.command().startsWith("kill ")) {
                    awaitCalls();
                }
                run(block, command, shell, places, bindings);
            }
        }
    }

    /** Runs a command in a shell, compares its output and requires exit code 0. */
    static void run(
            MarkdownPages.Block block,
            DocumentedCommand documented,
            ShellSession shell,
            Map<String, String> places,
            ExpectedOutput.Bindings bindings) {
        String command = PlaceholderSubstitution.toActual(bindings.insertInto(documented.command()), places);
        CurlRequest request = CurlRequest.parse(documented.command());
        if (request != null && request.streaming()) {
            // The stream is endless. curl exits with 28 after a timeout.
            command = command.strip().replaceFirst("curl ", "curl --max-time 2 ") + " || [ $? -eq 28 ]";
        }
        ExpectedOutput expected = new ExpectedOutput(documented.output());
        long end = System.nanoTime() + TIMEOUT.toNanos();
        ShellSession.Result result;
        boolean shown;
        do {
            result = shell.run(command);
            String output = PlaceholderSubstitution.toDocumented(result.output(), places);
            shown = documented.output().isBlank() || expected.matches(output, false, bindings);
        } while (!shown && !STATE_CHANGING_COMMAND.matcher(command).find() && System.nanoTime() < end);
        assertThat(shown)
                .as("%s: the page shows\n%s\nand the output is\n%s\n", block, documented.output(), result.output())
                .isTrue();
        assertThat(result.exitCode()).as("%s: %s", block, result.output()).isZero();
    }

    private void start(MarkdownPages.Block block, DocumentedCommand command, ExpectedOutput.Bindings bindings) {
        process = DarkroomInstanceProcess.launch(directory, environment, List.of());
        ExpectedOutput expected = new ExpectedOutput(command.output());
        Awaitility.await(block.toString())
                .atMost(TIMEOUT)
                .untilAsserted(() -> assertThat(expected.matches(log(), true, bindings))
                        .as("%s: the page shows\n%s\nand the output is\n%s\n", block, command.output(), log())
                        .isTrue());
    }

    private String log() {
        String log = PlaceholderSubstitution.toDocumented(String.join("\n", process.log()), places);
        // Only a jar has a version. The page shows the service as Maven starts it.
        return log.replaceFirst("Darkroom \\S+ is ready", "Darkroom development is ready");
    }

    private void awaitCalls() {
        Awaitility.await("running AI calls")
                .atMost(TIMEOUT)
                .until(() -> new JsonObject(send("GET", simulator + "/simulator/requests", null))
                                .getJsonArray("requests").stream()
                                        .map(JsonObject.class::cast)
                                        .filter(request -> request.getJsonObject("body", new JsonObject())
                                                .getString("prompt", "")
                                                .startsWith("Boat number"))
                                        .count()
                        >= CALLS);
    }

    /** Creates a generation that completes with its second attempt, and returns its id. */
    private String createRetriedGeneration() throws IOException, InterruptedException {
        send("PUT", simulator + "/simulator/script", "{\"steps\": [{\"status\": 503}]}");
        String api = places.get("http://127.0.0.1:8080") + "/api/generation";
        String id = new JsonObject(send("POST", api, "{\"prompt\": \"A lighthouse\"}")).getString("id");
        Awaitility.await("end of " + id)
                .atMost(TIMEOUT)
                .until(() -> new JsonObject(send("GET", api + "/" + id, null))
                        .getString("status")
                        .equals("COMPLETE"));
        return id;
    }

    private String send(String method, String url, String body) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(url))
                .header("Content-Type", "application/json")
                .method(
                        method,
                        body == null ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(body))
                .build();
        return http.send(request, BodyHandlers.ofString()).body();
    }

    @Override
    public void close() {
        if (shell != null) {
            shell.close();
        }
        if (process != null) {
            process.close();
        }
    }
}
