package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.api.contract.OpenApiFile;
import dev.darkroom.auth.ApiKey;
import dev.darkroom.auth.ApiKeyAdmin;
import dev.darkroom.auth.Principal;
import dev.darkroom.auth.Role;
import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.DarkroomExtension;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Somebody who knows the ids of another tries every operation of the contract that takes one: they are told what they would be told
 * of ids that never were.
 */
class CrossUserAccessIT {
    @RegisterExtension
    static final DarkroomExtension service = DarkroomExtension.shared();

    private static final Map<String, String> JSON = Map.of("Content-Type", "application/json");

    /** What is sent where the operation needs a body. */
    private static final Map<String, String> BODIES = Map.of(
            "patch /api/webhooks/{webhookId}", "{\"description\":\"mine\"}",
            "post /api/webhooks/{webhookId}/redeliver", "{\"after\":\"2026-01-01T00:00:00Z\"}");

    private static final String ALICE = "alice-" + UUID.randomUUID();

    private static ApiClient alice;
    private static ApiClient mallory;

    /** Something of Alice's, by the parameters of paths. */
    private record Hers(Map<String, String> parameters) {

        static Hers generation(String id) {
            return new Hers(Map.of("generationId", id));
        }

        String path(String operation) {
            String path = operation.split(" ")[1];
            for (Map.Entry<String, String> parameter : parameters.entrySet()) {
                path = path.replace("{" + parameter.getKey() + "}", parameter.getValue());
            }
            assertThat(path).as("a parameter that this test does not know").doesNotContain("{");
            return path;
        }

        String id() {
            return parameters.getOrDefault("generationId", "");
        }

        /** The same of nobody's. */
        Hers nobodys() {
            Map<String, String> others = new TreeMap<>();
            parameters
                    .keySet()
                    .forEach(name -> others.put(name, UUID.randomUUID() + (name.equals("imageName") ? ".png" : "")));
            return new Hers(others);
        }
    }

    @BeforeAll
    static void letThemIn() {
        alice = client(ALICE);
        mallory = client("mallory-" + UUID.randomUUID());
    }

    /** Something with which the operation can be done. */
    private static Hers suitableFor(String operation) {
        if (operation.endsWith("/cancel")) {
            service.aiServer().script(new JsonObject().put("hang", true));
            return Hers.generation(alice.create("A lighthouse"));
        }
        if (operation.endsWith("/retry")) {
            service.aiServer().script(new JsonObject().put("moderation", true));
            return Hers.generation(alice.awaitEnd(alice.create("A lighthouse")).getString("id"));
        }
        if (operation.contains("{webhookId}")) {
            return webhook(operation);
        }
        JsonObject ended = alice.awaitEnd(alice.create("A lighthouse"));
        if (operation.contains("{notificationId}")) {
            return new Hers(Map.of(
                    "notificationId",
                    alice.get("/api/notifications")
                            .json()
                            .getJsonArray("items")
                            .getJsonObject(0)
                            .getString("id")));
        }
        String picture = URI.create(ended.getJsonArray("imageUrls").getString(0))
                .getPath()
                .substring("/images/".length());
        return new Hers(Map.of("generationId", ended.getString("id"), "imageName", picture));
    }

    /** Where nobody listens. With a delivery, if the operation is about one. */
    private static Hers webhook(String operation) {
        String id = alice.send("POST", "/api/webhooks", JSON, bytes("{\"url\":\"http://127.0.0.1:1/\"}"))
                .json()
                .getString("id");
        if (!operation.contains("{deliveryId}")) {
            return new Hers(Map.of("webhookId", id));
        }
        alice.awaitEnd(alice.create("A lighthouse"));
        JsonObject deliveries = alice.get("/api/webhooks/" + id + "/deliveries").json();
        return new Hers(Map.of(
                "webhookId",
                id,
                "deliveryId",
                deliveries.getJsonArray("items").getJsonObject(0).getString("id")));
    }

    private static ApiClient client(String user) {
        return client(new Principal(user, Role.USER));
    }

    private static ApiClient client(Principal principal) {
        ApiKey key = ApiKey.generate(new SecureRandom());
        try (ApiKeyAdmin cabinet = ApiKeyAdmin.open(service.database())) {
            cabinet.create(key, principal, null);
        }
        return service.anonymous().withKey(key.secret());
    }

    /** Operations on resources that their owner may use, as method, a space, and path. */
    static Stream<String> operationsOnSomethingOfSomebodys() {
        return OpenApiFile.read().operations().keySet().stream()
                .filter(operation -> operation.contains("{") && !operation.contains("{userId}"));
    }

    /** Operations on users, which are for admins. */
    static Stream<String> operationsOnUsers() {
        return OpenApiFile.read().operations().keySet().stream().filter(operation -> operation.contains("{userId}"));
    }

    @ParameterizedTest
    @MethodSource("operationsOnUsers")
    void operationsOnUsersAreForAdmins(String operation) {
        String path = new Hers(Map.of("userId", ALICE)).path(operation);
        assertThat(send(service.anonymous(), operation, path).status()).isEqualTo(401);
        assertThat(send(mallory, operation, path).status()).isEqualTo(403);
        assertThat(send(alice, operation, path).status()).isEqualTo(403);
        assertThat(alice.get("/api/generation").status()).isEqualTo(200);
    }

    /** What somebody was told is theirs alone, and no admin's business; so is whom else they want to be told, and with which secret. */
    static Stream<String> operationsOnWhatAnAdminMaySee() {
        return operationsOnSomethingOfSomebodys()
                .filter(operation -> !operation.contains("{notificationId}") && !operation.contains("{webhookId}"));
    }

    @Test
    void whatSomebodyWasToldIsNotShownToAdminsEither() {
        String read = "post /api/notifications/{notificationId}/read";
        ApiClient.ApiResponse apiResponse = send(
                client(new Principal("root", Role.ADMIN)),
                read,
                suitableFor(read).path(read));
        assertThat(apiResponse.status()).isEqualTo(404);
    }

    @ParameterizedTest
    @MethodSource("operationsOnSomethingOfSomebodys")
    void whatIsAnothersIsNotThere(String operation) {
        // given
        Hers hers = suitableFor(operation);
        Hers nobodys = hers.nobodys();

        // when
        ApiClient.ApiResponse others = send(mallory, operation, hers.path(operation));
        ApiClient.ApiResponse never = send(mallory, operation, nobodys.path(operation));

        // then
        assertThat(others.status()).isEqualTo(404).isEqualTo(never.status());
        assertThat(withoutIds(others, hers.path(operation))).isEqualTo(withoutIds(never, nobodys.path(operation)));
        assertThat(others.headers().keySet()).isEqualTo(never.headers().keySet());

        // and nothing has happened to it: its owner still can
        assertThat(send(alice, operation, hers.path(operation)).status()).isLessThan(300);
    }

    @ParameterizedTest
    @MethodSource("operationsOnSomethingOfSomebodys")
    void whoDoesNotSayWhoTheyAreIsNotToldAnything(String operation) {
        Hers hers = suitableFor(operation);
        assertThat(send(service.anonymous(), operation, hers.path(operation)).status())
                .isEqualTo(401);
        assertThat(send(alice, operation, hers.path(operation)).status()).isLessThan(300);
    }

    @ParameterizedTest
    @MethodSource("operationsOnWhatAnAdminMaySee")
    void anAdminMayAndLeavesALine(String operation) {
        // given
        Principal admin = new Principal("admin-" + UUID.randomUUID(), Role.ADMIN);
        Hers hers = suitableFor(operation);

        // when
        ApiClient.ApiResponse apiResponse = send(client(admin), operation, hers.path(operation));

        // then
        assertThat(apiResponse.status()).isLessThan(300);
        assertThat(service.darkroom().log())
                .filteredOn(line -> line.contains(admin.user()))
                .singleElement()
                .asString()
                .contains("audit", ALICE, hers.id());
    }

    @Test
    void whatAnAdminAsksForAgainStaysItsOwners() {
        // given
        Hers hers = suitableFor("post /api/generation/{generationId}/retry");

        // when
        JsonObject again = client(new Principal("root", Role.ADMIN))
                .retry(hers.id(), Map.of())
                .json();

        // then
        assertThat(alice.awaitEnd(again.getString("id")).getString("retryOf")).isEqualTo(hers.id());
    }

    @Test
    void listsAndKeysAreOnesOwn() {
        // given
        String body = "{\"prompt\":\"A lighthouse\"}";
        Map<String, String> key = Map.of("Idempotency-Key", "the same");
        String hers = alice.post(body, key).json().getString("id");

        // when
        ApiClient.ApiResponse his = mallory.post(body, key);

        // then
        assertThat(his.status()).isEqualTo(202);
        assertThat(his.header("Idempotency-Replayed")).isNull();
        assertThat(his.json().getString("id")).isNotEqualTo(hers);
        assertThat(mallory.get("/api/generation?limit=100").text()).doesNotContain(hers);
        assertThat(alice.get("/api/generation?limit=100").text()).contains(hers);
    }

    private static ApiClient.ApiResponse send(ApiClient client, String operation, String path) {
        String body = BODIES.get(operation);
        return client.send(
                operation.split(" ")[0].toUpperCase(Locale.ROOT),
                path,
                body == null ? Map.of() : JSON,
                body == null ? null : bytes(body));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String withoutIds(ApiClient.ApiResponse apiResponse, String path) {
        String text = new String(apiResponse.body(), StandardCharsets.UTF_8).replace(path, "PATH");
        return text.replace(apiResponse.header("X-Request-Id"), "REQUEST");
    }
}
