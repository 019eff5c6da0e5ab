package dev.darkroom.docs;

import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.DarkroomInstance;
import dev.darkroom.testing.InProcessSimulator;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.awaitility.Awaitility;

/** Prepares the state of the service that a block of commands requires, as the text of its page describes it. */
final class CommandPreconditions {
    private final ApiClient client;
    private final ApiClient management;
    private final InProcessSimulator inProcessSimulator;

    /** Ids of generations to which the AI server never responds. */
    private final Set<String> hangingGenerations = new HashSet<>();

    /** Preconditions by page and beginning of the first line of a block. */
    private final Map<String, Precondition> preconditions = new HashMap<>();

    /** State required by a block. */
    interface Precondition {
        /**
         * Establishes the state.
         *
         * @param bindings receives values for texts of the page that no earlier output contains
         * @return an action to run after a stream has started
         */
        Runnable prepare(ExpectedOutput.Bindings bindings);
    }

    CommandPreconditions(DarkroomInstance darkroomInstance, InProcessSimulator inProcessSimulator) {
        this.client = darkroomInstance.client();
        this.management = new ApiClient(darkroomInstance.management());
        this.inProcessSimulator = inProcessSimulator;
    }

    void addPrecondition(String page, String firstLine, Precondition precondition) {
        preconditions.put(page + " " + firstLine, precondition);
    }

    /** Waits for the generations of earlier blocks, which would consume the next script, and prepares a block. */
    Runnable prepare(MarkdownPages.Block block, ExpectedOutput.Bindings bindings) {
        Awaitility.await("end of all generations")
                .atMost(Duration.ofSeconds(30))
                .until(this::allHaveEnded);
        inProcessSimulator.reset();
        String name = block.page() + " " + block.firstLine();
        return preconditions.entrySet().stream()
                .filter(entry -> name.startsWith(entry.getKey()))
                .findFirst()
                .map(entry -> entry.getValue().prepare(bindings))
                .orElse(() -> {});
    }

    /** Adds the preconditions of {@code docs/api.md} and {@code docs/notifications.md}. */
    CommandPreconditions addApiPreconditions() {
        String api = "docs/api.md";
        addPrecondition(
                api,
                "$ curl -i http://127.0.0.1:8080/api/generation -H 'Content-Type: application/json' \\",
                bindings -> {
                    // Two blocks begin with this line. The one with a key shows the response to the second request.
                    Map<String, String> key = Map.of("Idempotency-Key", "8e03978e-40d5-43e8-bc93-6894a57f9324");
                    client.awaitEnd(
                            client.post("{\"prompt\":\"A boat\"}", key).json().getString("id"));
                    return () -> {};
                });
        addPrecondition(api, "$ curl -i http://127.0.0.1:8080/api/generation/01a20931-f9c1", bindings -> {
            inProcessSimulator.script(step("status", 500), step("hang", true));
            bindings.put("01a20931-f9c1-7ccd-9709-d3d3c4c12f2a", createWithAttempts(2));
            return () -> {};
        });
        addPrecondition(api, "$ curl -i http://127.0.0.1:8081/backends", bindings -> {
            hangingGenerations.forEach(client::cancel);
            hangingGenerations.clear();
            // The call is aborted shortly after the generation has finished.
            Awaitility.await("an idle backend")
                    .atMost(Duration.ofSeconds(30))
                    .until(() -> management.get("/backends").text(), text -> text.contains("\"availablePermits\":4"));
            return () -> {};
        });
        addPrecondition(api, "$ curl -s http://127.0.0.1:8080/api/generation/01a2091b-0716", bindings -> {
            inProcessSimulator.script(step("moderation", true));
            bindings.put("01a2091b-0716-703f-870e-1994d804786a", createFinished("Something unkind"));
            return () -> {};
        });
        addPrecondition(
                api,
                "$ curl -i http://127.0.0.1:8080/api/generation/01a20cbc-1154-73b2-91c4-1a2e625709c9 -H",
                bindings -> {
                    // No earlier output shows the ETag.
                    bindings.put(
                            "\"-qM1kS5V0o09xlTi_h4Vqw\"",
                            client.get(bindings.insertInto("/api/generation/01a20cbc-1154-73b2-91c4-1a2e625709c9"))
                                    .header("ETag"));
                    return () -> {};
                });
        addPrecondition(
                api,
                "$ curl -s -X POST http://127.0.0.1:8080/api/generation/01a20cbc-1a57-7db6-acc5-2bc20c4873d2/cancel",
                bindings -> {
                    inProcessSimulator.script(step("hang", true));
                    bindings.put("01a20cbc-1a57-7db6-acc5-2bc20c4873d2", createWithAttempts("A buoy", 1));
                    return () -> {};
                });
        addPrecondition(api, "$ curl -N 'http://127.0.0.1:8080/api/generation/01a209f2", bindings -> {
            inProcessSimulator.script(step("status", 500));
            bindings.put("01a209f2-71d0-7a31-8a3c-5b1f6c9d2e10", createFinished("A lighthouse at dusk"));
            return () -> {};
        });
        addPrecondition(
                api,
                "$ curl -N http://127.0.0.1:8080/api/notifications/stream",
                bindings -> () -> client.create("A pier"));
        addPrecondition(
                "docs/notifications.md", "$ curl -s 'http://127.0.0.1:8080/api/notifications?cursor=", bindings -> {
                    String before = lastPosition();
                    bindings.put("7f3a2b9c-16", before);
                    createFinished("A pier");
                    Awaitility.await()
                            .atMost(Duration.ofSeconds(30))
                            .until(() -> !lastPosition().equals(before));
                    return () -> {};
                });
        return this;
    }

    /** Returns the position after the last notification. */
    private String lastPosition() {
        JsonObject page = client.get("/api/notifications?limit=100").json();
        while (page.containsKey("nextCursor")) {
            page = client.get("/api/notifications?limit=100&cursor=" + page.getString("nextCursor"))
                    .json();
        }
        return page.getString("position");
    }

    private boolean allHaveEnded() {
        return client.get("/api/generation?status=PENDING&limit=100").json().getJsonArray("items").stream()
                .map(item -> ((JsonObject) item).getString("id"))
                .allMatch(hangingGenerations::contains);
    }

    private String createFinished(String prompt) {
        String id = client.create(prompt);
        client.awaitEnd(id);
        return id;
    }

    private String createWithAttempts(int attempt) {
        return createWithAttempts("A lighthouse at dusk, oil on canvas", attempt);
    }

    private String createWithAttempts(String prompt, int attempt) {
        String id = client.create(prompt);
        hangingGenerations.add(id);
        Predicate<JsonObject> running =
                generation -> generation.getJsonArray("attempts").size() == attempt
                        && generation
                                .getJsonArray("attempts")
                                .getJsonObject(attempt - 1)
                                .getString("outcome")
                                .equals("RUNNING");
        Awaitility.await("attempt " + attempt)
                .atMost(Duration.ofSeconds(30))
                .until(() -> client.generation(id), running);
        return id;
    }

    private static JsonObject step(String name, Object value) {
        return new JsonObject().put(name, value);
    }
}
