package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.api.contract.OpenApiFile;
import dev.darkroom.auth.ApiKey;
import dev.darkroom.auth.ApiKeyAdmin;
import dev.darkroom.auth.Principal;
import dev.darkroom.auth.Role;
import dev.darkroom.image.TestImages;
import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.DarkroomExtension;
import io.vertx.core.json.JsonArray;
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
 * Calls every operation that takes an id with the ids of another user's resources. The responses equal those for ids
 * that do not exist.
 */
class CrossUserAccessIT {
    @RegisterExtension
    static final DarkroomExtension service = DarkroomExtension.shared();

    private static final Map<String, String> JSON = Map.of("Content-Type", "application/json");

    /** Request bodies of the operations that need one. */
    private static final Map<String, String> BODIES = Map.of(
            "patch /api/webhooks/{webhookId}", "{\"description\":\"mine\"}",
            "post /api/webhooks/{webhookId}/redeliver", "{\"after\":\"2026-01-01T00:00:00Z\"}");

    private static final String ALICE = "alice-" + UUID.randomUUID();

    private static ApiClient alice;
    private static ApiClient mallory;

    /** Path parameters of a resource of Alice. */
    private record PathParameters(Map<String, String> parameters) {

        static PathParameters generation(String id) {
            // Tasks and predictions have the id of their generation.
            return new PathParameters(Map.of("generationId", id, "taskId", id, "predictionId", id));
        }

        String path(String operation) {
            String path = operation.split(" ")[1];
            for (Map.Entry<String, String> parameter : parameters.entrySet()) {
                path = path.replace("{" + parameter.getKey() + "}", parameter.getValue());
            }
            assertThat(path).as("a path parameter without a value").doesNotContain("{");
            return path;
        }

        String id() {
            return parameters.getOrDefault("generationId", "");
        }

        /** Returns the same parameters with ids that do not exist. */
        PathParameters withUnknownIds() {
            Map<String, String> ofOtherUser = new TreeMap<>();
            parameters
                    .keySet()
                    .forEach(name ->
                            ofOtherUser.put(name, UUID.randomUUID() + (name.equals("imageName") ? ".png" : "")));
            return new PathParameters(ofOtherUser);
        }
    }

    @BeforeAll
    static void createUsers() {
        alice = client(ALICE);
        mallory = client("mallory-" + UUID.randomUUID());
    }

    /** Creates a resource in a state that the operation accepts. */
    private static PathParameters createResourceFor(String operation) {
        if (operation.endsWith("/cancel")) {
            service.aiServer().script(new JsonObject().put("hang", true));
            return PathParameters.generation(alice.create("A lighthouse"));
        }
        if (operation.endsWith("/retry")) {
            service.aiServer().script(new JsonObject().put("moderation", true));
            return PathParameters.generation(
                    alice.awaitEnd(alice.create("A lighthouse")).getString("id"));
        }
        if (operation.contains("{webhookId}")) {
            return webhook(operation);
        }
        if (operation.contains("{uploadId}")) {
            return new PathParameters(Map.of("uploadId", upload(alice)));
        }
        JsonObject ended = alice.awaitEnd(alice.create("A lighthouse"));
        if (operation.contains("{notificationId}")) {
            return new PathParameters(Map.of(
                    "notificationId",
                    alice.get("/api/notifications")
                            .json()
                            .getJsonArray("items")
                            .getJsonObject(0)
                            .getString("id")));
        }
        String imageName = URI.create(ended.getJsonArray("imageUrls").getString(0))
                .getPath()
                .substring("/images/".length());
        Map<String, String> parameters =
                new TreeMap<>(PathParameters.generation(ended.getString("id")).parameters());
        parameters.put("imageName", imageName);
        return new PathParameters(parameters);
    }

    private static String upload(ApiClient client) {
        return client.send("POST", "/api/uploads", Map.of("Content-Type", "image/png"), TestImages.png(64, 64))
                .json()
                .getString("id");
    }

    /** Creates a webhook whose URL has no server, with a delivery if the operation takes one. */
    private static PathParameters webhook(String operation) {
        String id = alice.send("POST", "/api/webhooks", JSON, bytes("{\"url\":\"http://127.0.0.1:1/\"}"))
                .json()
                .getString("id");
        if (!operation.contains("{deliveryId}")) {
            return new PathParameters(Map.of("webhookId", id));
        }
        alice.awaitEnd(alice.create("A lighthouse"));
        JsonObject deliveries = alice.get("/api/webhooks/" + id + "/deliveries").json();
        return new PathParameters(Map.of(
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
        try (ApiKeyAdmin keyAdmin = ApiKeyAdmin.open(service.database())) {
            keyAdmin.create(key, principal, null);
        }
        return service.anonymous().withKey(key.secret());
    }

    /**
     * Operations on resources of a user, as method, space and path. Callbacks of AI servers know no users, see {@link CallbackReportIT}, and
     * models belong to none.
     */
    static Stream<String> operationsOnResources() {
        return OpenApiFile.read().operations().keySet().stream()
                .filter(operation -> operation.contains("{")
                        && !operation.contains("{callbackToken}")
                        && !operation.contains("/v1/models/")
                        && operationsOfAdmins().noneMatch(operation::equals));
    }

    /** Operations that require the admin role. */
    static Stream<String> operationsOfAdmins() {
        return OpenApiFile.read().operations().entrySet().stream()
                .filter(operation ->
                        operation.getValue().at("/responses/403/$ref").asText().endsWith("/Forbidden"))
                .map(Map.Entry::getKey);
    }

    /** Operations on users, which are for admins. */
    static Stream<String> operationsOnUsers() {
        return OpenApiFile.read().operations().keySet().stream().filter(operation -> operation.contains("{userId}"));
    }

    @ParameterizedTest
    @MethodSource("operationsOfAdmins")
    void rejectsOperationsOfAdminsForOthers(String operation) {
        String path = new PathParameters(Map.of("userId", ALICE, "backendName", "default")).path(operation);
        assertThat(send(service.anonymous(), operation, path).status()).isEqualTo(401);
        assertThat(send(mallory, operation, path).status()).isEqualTo(403);
        assertThat(send(alice, operation, path).status()).isEqualTo(403);
        assertThat(alice.get("/api/generation").status()).isEqualTo(200);
    }

    @ParameterizedTest
    @MethodSource("operationsOnUsers")
    void rejectsUserNameWithNul(String operation) {
        // given
        ApiClient admin = client(new Principal("root", Role.ADMIN));

        // when
        ApiClient.ApiResponse apiResponse =
                send(admin, operation, new PathParameters(Map.of("userId", "a%00b")).path(operation));

        // then
        assertThat(apiResponse.status()).as(apiResponse.text()).isEqualTo(400);
        assertThat(apiResponse.json().getJsonArray("errors"))
                .isEqualTo(JsonArray.of(
                        JsonObject.of("pointer", "userId", "detail", "must be well-formed text without NUL")));
    }

    /**
     * Operations that an admin may call for another user: all except those on notifications, uploads and webhooks, which
     * only their user may access.
     */
    static Stream<String> operationsThatAdminsMayUse() {
        return operationsOnResources()
                .filter(operation -> Stream.of("{notificationId}", "{uploadId}", "{webhookId}")
                        .noneMatch(operation::contains));
    }

    @Test
    void hidesNotificationsFromAdmins() {
        String read = "post /api/notifications/{notificationId}/read";
        ApiClient.ApiResponse apiResponse = send(
                client(new Principal("root", Role.ADMIN)),
                read,
                createResourceFor(read).path(read));
        assertThat(apiResponse.status()).isEqualTo(404);
    }

    @Test
    void hidesUploadsFromAdmins() {
        String id = upload(alice);
        ApiClient admin = client(new Principal("root", Role.ADMIN));
        assertThat(admin.get("/api/uploads/" + id).status()).isEqualTo(404);
        assertThat(alice.get("/api/uploads/" + id).status()).isEqualTo(200);
    }

    @ParameterizedTest
    @MethodSource("operationsOnResources")
    void reportsOtherUsersResourceAsNotFound(String operation) {
        // given
        PathParameters resource = createResourceFor(operation);
        PathParameters withUnknownIds = resource.withUnknownIds();

        // when
        ApiClient.ApiResponse ofOtherUser = send(mallory, operation, resource.path(operation));
        ApiClient.ApiResponse ofUnknownId = send(mallory, operation, withUnknownIds.path(operation));

        // then
        assertThat(ofOtherUser.status()).isEqualTo(404).isEqualTo(ofUnknownId.status());
        assertThat(withoutIds(ofOtherUser, resource.path(operation)))
                .isEqualTo(withoutIds(ofUnknownId, withUnknownIds.path(operation)));
        assertThat(ofOtherUser.headers().keySet())
                .isEqualTo(ofUnknownId.headers().keySet());

        // and the resource is unchanged: the owner can still use it
        assertThat(send(alice, operation, resource.path(operation)).status()).isLessThan(300);
    }

    @ParameterizedTest
    @MethodSource("operationsOnResources")
    void rejectsAnonymousRequests(String operation) {
        PathParameters resource = createResourceFor(operation);
        assertThat(send(service.anonymous(), operation, resource.path(operation))
                        .status())
                .isEqualTo(401);
        assertThat(send(alice, operation, resource.path(operation)).status()).isLessThan(300);
    }

    @ParameterizedTest
    @MethodSource("operationsThatAdminsMayUse")
    void adminAccessIsAllowedAndAudited(String operation) {
        // given
        Principal admin = new Principal("admin-" + UUID.randomUUID(), Role.ADMIN);
        PathParameters resource = createResourceFor(operation);

        // when
        ApiClient.ApiResponse apiResponse = send(client(admin), operation, resource.path(operation));

        // then
        assertThat(apiResponse.status()).isLessThan(300);
        assertThat(service.darkroom().log())
                .filteredOn(line -> line.contains(admin.user()))
                .singleElement()
                .asString()
                .contains("audit", ALICE, resource.id());
    }

    @Test
    void retryByAdminBelongsToOwner() {
        // given
        PathParameters resource = createResourceFor("post /api/generation/{generationId}/retry");

        // when
        JsonObject retry = client(new Principal("root", Role.ADMIN))
                .retry(resource.id(), Map.of())
                .json();

        // then
        assertThat(alice.awaitEnd(retry.getString("id")).getString("retryOf")).isEqualTo(resource.id());
    }

    @Test
    void listsAndIdempotencyKeysArePerUser() {
        // given
        String body = "{\"prompt\":\"A lighthouse\"}";
        Map<String, String> key = Map.of("Idempotency-Key", "the same");
        String resource = alice.post(body, key).json().getString("id");

        // when
        ApiClient.ApiResponse mallorysResponse = mallory.post(body, key);

        // then
        assertThat(mallorysResponse.status()).isEqualTo(202);
        assertThat(mallorysResponse.header("Idempotency-Replayed")).isNull();
        assertThat(mallorysResponse.json().getString("id")).isNotEqualTo(resource);
        assertThat(mallory.get("/api/generation?limit=100").text()).doesNotContain(resource);
        assertThat(alice.get("/api/generation?limit=100").text()).contains(resource);
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
