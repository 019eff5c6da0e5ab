package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.darkroom.auth.ApiKey;
import dev.darkroom.auth.ApiKeyAdmin;
import dev.darkroom.auth.Principal;
import dev.darkroom.auth.Role;
import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.DarkroomInstance;
import dev.darkroom.testing.InProcessFleet;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Submissions and costs over HTTP. */
class UsageIT {
    @TempDir
    Path directory;

    private InProcessFleet fleet;

    @BeforeEach
    void start() {
        fleet = new InProcessFleet(directory);
    }

    @AfterEach
    void stop() {
        fleet.close();
    }

    private DarkroomInstance startNode(String name, String price) {
        return fleet.start(
                name,
                fleet.settings(4).with("DARKROOM_AUTH", "required").with("DARKROOM_BACKEND_PRICES", "*=" + price));
    }

    private ApiClient client(DarkroomInstance node, String user, Role role) {
        ApiKey key = ApiKey.generate(new SecureRandom());
        try (ApiKeyAdmin keys = ApiKeyAdmin.open(fleet.database())) {
            keys.create(key, new Principal(user, role), null);
        }
        return node.client().withKey(key.secret());
    }

    private static JsonObject generate(ApiClient client, String prompt) {
        String id = client.post(new JsonObject().put("prompt", prompt).encode())
                .json()
                .getString("id");
        return client.awaitEnd(id, Duration.ofSeconds(60));
    }

    private static List<JsonObject> items(ApiClient client, String path) {
        return client.get(path).json().getJsonArray("items").stream()
                .map(item -> {
                    ((JsonObject) item).remove("day");
                    return (JsonObject) item;
                })
                .toList();
    }

    private static JsonObject sums(long submissions, long lost, long images, long costMicros) {
        return new JsonObject()
                .put("attempts", submissions)
                .put("submissions", submissions)
                .put("lostSubmissions", lost)
                .put("images", images)
                .put("costMicros", costMicros)
                .put("reportedCostMicros", 0);
    }

    private static JsonObject withBackend(JsonObject sums) {
        return new JsonObject().put("backend", "default").mergeIn(sums);
    }

    @Test
    void usageIsTheSumOfTheAttemptsAlsoAfterAPriceChangeAndDeletions() {
        // given two nodes with different prices, as during a deployment
        DarkroomInstance cheap = startNode("cheap", "0.01");
        DarkroomInstance dear = startNode("dear", "0.03");
        ApiClient ann = client(cheap, "ann", Role.USER);
        ApiClient mary = client(dear, "mary", Role.USER);
        ApiClient admin = client(dear, "root", Role.ADMIN);

        // when
        long annCost = 0;
        long annSubmissions = 0;
        JsonObject last = null;
        for (String prompt : List.of("a pier", "a pier [[fail]]", "a boat")) {
            last = generate(ann, prompt);
            annSubmissions += last.getInteger("submissions");
            annCost += last.getLong("costMicros", 0L);
        }
        JsonObject ofMary = generate(mary, "a buoy");

        // then
        JsonObject usage = ann.get("/api/usage").json();
        assertThat(usage.getString("currency")).isEqualTo("USD");
        assertThat(usage.getJsonObject("total").getLong("costMicros"))
                .isEqualTo(annCost)
                .isPositive();
        assertThat(usage.getJsonObject("total").getLong("submissions")).isEqualTo(annSubmissions);
        assertThat(items(mary, "/api/usage")).containsExactly(withBackend(sums(1, 0, 1, ofMary.getLong("costMicros"))));
        assertThat(items(admin, "/api/usage")).isEmpty();
        List<JsonObject> all = items(admin, "/api/usage/users");
        assertThat(all).extracting(item -> item.getString("user")).containsExactly("ann", "mary");
        assertThat(items(admin, "/api/usage/users?user=ann")).isEqualTo(items(ann, "/api/usage"));

        // when
        ann.send("DELETE", "/api/generation/" + last.getString("id"), Map.of(), null);

        // then
        assertThat(items(admin, "/api/usage/users")).isEqualTo(all);
        fleet.assertNoViolations();
    }

    @Test
    void usageOfAnErasedUserIsNotAttributable() {
        // given
        DarkroomInstance node = startNode("node", "0.01");
        ApiClient ann = client(node, "ann", Role.USER);
        ApiClient admin = client(node, "root", Role.ADMIN);
        generate(ann, "a pier");
        ann.send("DELETE", "/api/generation/" + generate(ann, "a boat").getString("id"), Map.of(), null);

        // when
        await().atMost(Duration.ofSeconds(60))
                .until(() ->
                        admin.send("DELETE", "/api/users/ann", Map.of(), null).status() == 204);

        // then
        assertThat(items(admin, "/api/usage/users")).containsExactly(withBackend(sums(2, 0, 2, 20_000)));
        assertThat(items(admin, "/api/usage/users?user=ann")).isEmpty();
        fleet.assertNoViolations();
    }

    @Test
    void rejectsInvalidPeriodsAndUsersWhoAreNoAdmins() {
        // given
        ApiClient ann = client(startNode("node", "0.01"), "ann", Role.USER);

        // then
        assertThat(ann.get("/api/usage/users").status()).isEqualTo(403);
        for (String query : List.of(
                "from=2026-02-30",
                "from=tomorrow",
                "from=2026-11-02&to=2026-11-01",
                "from=2025-01-01&to=2026-01-02",
                "from=2999-01-01")) {
            assertThat(ann.get("/api/usage?" + query).status()).as(query).isEqualTo(400);
        }
        assertThat(ann.get("/api/usage?from=2025-01-01&to=2026-01-01").json().getJsonArray("items"))
                .isEmpty();
    }
}
