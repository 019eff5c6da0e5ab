package dev.darkroom.comparison;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.DarkroomInstance;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** The generations that Darkroom stored. The methods block. */
final class RunRecords {
    private static final Set<String> FINISHED = Set.of("COMPLETE", "FAILED");

    private final ApiClient client;
    private List<JsonObject> generations = List.of();

    RunRecords(DarkroomInstance darkroom) {
        client = darkroom.client();
    }

    /** Waits until all generations are finished. */
    void awaitEnd(Duration limit) {
        await().atMost(limit).until(() -> {
            generations = readAll();
            return generations.stream().allMatch(generation -> FINISHED.contains(generation.getString("status")));
        });
    }

    private List<JsonObject> readAll() {
        List<JsonObject> all = new ArrayList<>();
        String cursor = "";
        do {
            ApiClient.ApiResponse response = client.get("/api/generation?limit=100" + cursor);
            assertThat(response.status()).as(response.text()).isEqualTo(200);
            JsonObject page = response.json();
            page.getJsonArray("items").forEach(item -> all.add((JsonObject) item));
            cursor = page.containsKey("nextCursor") ? "&cursor=" + page.getString("nextCursor") : null;
        } while (cursor != null);
        return all;
    }

    /** Returns whether a complete generation of the run is stored. */
    boolean hasImage(Run run) {
        return generations.stream()
                .filter(generation -> run.prompt().equals(generation.getString("prompt")))
                .anyMatch(generation -> "COMPLETE".equals(generation.getString("status")));
    }
}
