package dev.darkroom.docs;

import dev.darkroom.testing.AiServer;
import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.Darkroom;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.awaitility.Awaitility;

/** What a block of commands finds: its page tells it in words, a scene makes it so. */
final class CommandScenes {
    private final ApiClient client;
    private final ApiClient management;
    private final AiServer aiServer;

    /** Generations whose calls are never answered. */
    private final Set<String> held = new HashSet<>();

    /** By the page and the beginning of the first line of a block. */
    private final Map<String, Scene> scenes = new HashMap<>();

    /** What is there before a block begins. */
    interface Scene {
        /**
         * Makes it so.
         *
         * @param values for texts that stand on the page and in no output before
         * @return is run once a stream has begun
         */
        Runnable prepare(ExpectedOutput.Values values);
    }

    CommandScenes(Darkroom darkroom, AiServer aiServer) {
        this.client = darkroom.client();
        this.management = new ApiClient(darkroom.management());
        this.aiServer = aiServer;
    }

    void put(String page, String firstLine, Scene scene) {
        scenes.put(page + " " + firstLine, scene);
    }

    /** Waits for the generations of the blocks before, whose calls would meet the script of the next scene. */
    Runnable prepare(MarkdownPages.Block block, ExpectedOutput.Values values) {
        Awaitility.await("end of all generations")
                .atMost(Duration.ofSeconds(30))
                .until(this::allHaveEnded);
        aiServer.reset();
        String name = block.page() + " " + block.firstLine();
        return scenes.entrySet().stream()
                .filter(scene -> name.startsWith(scene.getKey()))
                .findFirst()
                .map(scene -> scene.getValue().prepare(values))
                .orElse(() -> {});
    }

    /** Those of {@code docs/api.md} and {@code docs/notifications.md}. */
    CommandScenes ofTheApi() {
        String api = "docs/api.md";
        put(api, "$ curl -i http://127.0.0.1:8080/api/generation -H 'Content-Type: application/json' \\", values -> {
            // Two blocks begin so. The one with a key shows the second answer.
            Map<String, String> key = Map.of("Idempotency-Key", "8e03978e-40d5-43e8-bc93-6894a57f9324");
            client.awaitEnd(client.post("{\"prompt\":\"A boat\"}", key).json().getString("id"));
            return () -> {};
        });
        put(api, "$ curl -i http://127.0.0.1:8080/api/generation/01a20931-f9c1", values -> {
            aiServer.script(step("status", 500), step("hang", true));
            values.put("01a20931-f9c1-7ccd-9709-d3d3c4c12f2a", begun(2));
            return () -> {};
        });
        put(api, "$ curl -i http://127.0.0.1:8081/backends", values -> {
            held.forEach(client::cancel);
            held.clear();
            // The call is aborted a moment after its generation has ended.
            Awaitility.await("an idle backend")
                    .atMost(Duration.ofSeconds(30))
                    .until(() -> management.get("/backends").text(), text -> text.contains("\"permits\":4"));
            return () -> {};
        });
        put(api, "$ curl -s http://127.0.0.1:8080/api/generation/01a2091b-0716", values -> {
            aiServer.script(step("moderation", true));
            values.put("01a2091b-0716-703f-870e-1994d804786a", ended("Something unkind"));
            return () -> {};
        });
        put(api, "$ curl -i http://127.0.0.1:8080/api/generation/01a20cbc-1154-73b2-91c4-1a2e625709c9 -H", values -> {
            // The page shows it only here.
            values.put(
                    "\"-qM1kS5V0o09xlTi_h4Vqw\"",
                    client.get(values.insertInto("/api/generation/01a20cbc-1154-73b2-91c4-1a2e625709c9"))
                            .header("ETag"));
            return () -> {};
        });
        put(
                api,
                "$ curl -s -X POST http://127.0.0.1:8080/api/generation/01a20cbc-1a57-7db6-acc5-2bc20c4873d2/cancel",
                values -> {
                    aiServer.script(step("hang", true));
                    values.put("01a20cbc-1a57-7db6-acc5-2bc20c4873d2", begun("A buoy", 1));
                    return () -> {};
                });
        put(api, "$ curl -N 'http://127.0.0.1:8080/api/generation/01a209f2", values -> {
            aiServer.script(step("status", 500));
            values.put("01a209f2-71d0-7a31-8a3c-5b1f6c9d2e10", ended("A lighthouse at dusk"));
            return () -> {};
        });
        put(api, "$ curl -N http://127.0.0.1:8080/api/notifications/stream", values -> () -> client.create("A pier"));
        put("docs/notifications.md", "$ curl -s 'http://127.0.0.1:8080/api/notifications?cursor=", values -> {
            String before = lastPosition();
            values.put("7f3a2b9c-16", before);
            ended("A pier");
            Awaitility.await()
                    .atMost(Duration.ofSeconds(30))
                    .until(() -> !lastPosition().equals(before));
            return () -> {};
        });
        return this;
    }

    /** The position after the last notification. */
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
                .allMatch(held::contains);
    }

    private String ended(String prompt) {
        String id = client.create(prompt);
        client.awaitEnd(id);
        return id;
    }

    private String begun(int attempt) {
        return begun("A lighthouse at dusk, oil on canvas", attempt);
    }

    private String begun(String prompt, int attempt) {
        String id = client.create(prompt);
        held.add(id);
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
