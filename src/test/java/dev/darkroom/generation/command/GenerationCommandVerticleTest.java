package dev.darkroom.generation.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.backend.JobReference;
import dev.darkroom.backend.RequestLimits;
import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.Secret;
import dev.darkroom.config.Settings;
import dev.darkroom.config.SettingsLoader;
import dev.darkroom.config.TestSettings;
import dev.darkroom.database.Database;
import dev.darkroom.database.DatabaseMigrator;
import dev.darkroom.database.NotifyChannel;
import dev.darkroom.eventbus.CommandProtocol;
import dev.darkroom.generation.GenerationBus;
import dev.darkroom.generation.GenerationLease;
import dev.darkroom.generation.ImmediateStart;
import dev.darkroom.generation.route.TestModels;
import dev.darkroom.generation.store.GenerationDatabaseFixture;
import dev.darkroom.generation.store.GenerationOutcomeStore.UnresolvedJob;
import dev.darkroom.generation.store.SubmissionStore;
import dev.darkroom.generation.watch.CompletionWaiters;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.TestPostgres;
import dev.darkroom.upload.UploadStore;
import dev.darkroom.usage.BudgetLimits;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.eventbus.DeliveryOptions;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.Tuple;
import java.nio.file.Path;
import java.util.List;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Commands of event-bus integrations. Every command gets a reply in plain JSON. */
@Tag("database")
@Timeout(240)
class GenerationCommandVerticleTest {
    private static final UUID PENDING = UUID.fromString("019a8c1e-0000-7000-8000-000000000001");
    private static final UUID COMPLETE = UUID.fromString("019a8c1e-0000-7000-8000-000000000002");
    private static final UUID FAILED = UUID.fromString("019a8c1e-0000-7000-8000-000000000003");
    private static final UUID IMAGE = UUID.fromString("019a8c1e-0000-7000-8000-000000000004");
    /** Constant, so that the chosen seed is known. */
    private static final RandomGenerator RANDOM = () -> 4_242L;

    private static Vertx vertx;
    private static final SimpleMeterRegistry metrics = new SimpleMeterRegistry();
    private static final BacklogEstimator backlogEstimator = new BacklogEstimator();
    private static Database database;
    private static NotifyChannel notifyChannel;
    private static final Queue<UnresolvedJob> cancelledJobs = new ConcurrentLinkedQueue<>();

    @BeforeAll
    static void start() throws Exception {
        DatabaseUrl url = TestPostgres.migratedDatabase();
        Settings settings = settings(DarkroomInstanceSettings.forTests()
                .database(url)
                .with("DARKROOM_GENERATION_DEFAULT_WIDTH", "512")
                .with("DARKROOM_BACKEND_MAX_PROMPT_LENGTH", "100")
                .with("DARKROOM_BACKEND_MAX_SIDE", "1024")
                .with("DARKROOM_BACKEND_MAX_COUNT", "2"));
        DatabaseMigrator.migrate(url, settings.database());
        insertOneOfEachState(url);
        vertx = Vertx.vertx();
        database = Database.open(vertx, url, settings.database());
        notifyChannel = NotifyChannel.open(vertx, url, settings.database());
        await(vertx.deployVerticle(new GenerationCommandVerticle(
                shared(database, settings.generation()),
                settings.generation(),
                TestModels.catalog(settings.backend(), "house-model"),
                RANDOM)));
    }

    private static GenerationCommandDependencies shared(Database database, Settings.Generation settings) {
        return new GenerationCommandDependencies(
                database,
                new SubmissionStore(database, settings, new ImmediateStart()),
                notifyChannel,
                null,
                backlogEstimator,
                new QueueSnapshots(vertx, database),
                new CompletionWaiters(),
                List.of(),
                GenerationDatabaseFixture.NO_EGRESS,
                new UploadStore(database, TestSettings.DEFAULTS.inputImages()),
                GenerationDatabaseFixture.NO_EGRESS,
                cancelledJobs::add,
                new BudgetLimits(TestSettings.DEFAULTS.accounting(), List.of()),
                TestSettings.DEFAULTS.node(),
                new SubmissionMetrics(metrics));
    }

    @AfterAll
    static void stop() throws Exception {
        await(notifyChannel.close());
        await(database.close());
        await(vertx.close());
    }

    static Stream<Arguments> everyKindOfReply() {
        JsonObject everything = new JsonObject()
                .put("prompt", "Lighthouse \uD83D\uDDFC \"quoted\" \\ \u0001")
                .put("negativePrompt", "people")
                .put("width", 64)
                .put("height", 1024)
                .put("count", 2)
                .put("seed", 2147483647)
                .put("model", "house-model")
                .put("metadata", new JsonObject().put("a", "").put("\u00fc/~", "\uD83D\uDDFC"));
        return Stream.of(
                Arguments.of("generation", "create", request(everything)),
                Arguments.of("generation", "create", request(new JsonObject().put("prompt", "x"))),
                Arguments.of("generation", "get", byId(PENDING)),
                Arguments.of("generation", "get", byId(COMPLETE)),
                Arguments.of("generation", "get", byId(FAILED)),
                Arguments.of("image", "getImage", byId(IMAGE)),
                Arguments.of("items", "list", new JsonObject()),
                Arguments.of("models", "getModels", new JsonObject()),
                Arguments.of("usage", "getUsage", new JsonObject()),
                Arguments.of("usage", "getAllUsage", new JsonObject().put("asAdmin", true)),
                Arguments.of("error", "getAllUsage", new JsonObject()),
                Arguments.of("error", "getUsage", new JsonObject().put("from", "yesterday")),
                Arguments.of("error", "list", new JsonObject().put("limit", 0)),
                Arguments.of("error", "cancel", byId(COMPLETE)),
                Arguments.of("error", "delete", byId(PENDING)),
                Arguments.of("error", "retry", byId(COMPLETE)),
                Arguments.of("generation", "retry", byId(FAILED)),
                Arguments.of("generation", "get", byId(PENDING).put("waitMs", 20)),
                Arguments.of("error", "get", byId(IMAGE)),
                Arguments.of("error", "getImage", byId(PENDING)),
                Arguments.of("error", "create", request(new JsonObject().put("width", 1))));
    }

    @ParameterizedTest
    @MethodSource("everyKindOfReply")
    void replySurvivesEncodingAndDecoding(String name, String action, JsonObject body) throws Exception {
        // when
        JsonObject reply = send(action, body.put("user", "local"));

        // then
        assertThat(reply.fieldNames()).containsExactly(name);
        assertPlain(reply);
        assertThat(new JsonObject(reply.encode())).isEqualTo(reply);
        assertThat(new JsonObject(reply.encode()).encode()).isEqualTo(reply.encode());
    }

    @Test
    void replyContainsTheRequestedValues() throws Exception {
        // given
        JsonObject metadata = new JsonObject().put("z", "last").put("a", "first");
        JsonObject request = new JsonObject()
                .put("prompt", " \u706f\u53f0 \uD83D\uDDFC\n")
                .put("width", 512.0)
                .put("seed", 5e0)
                .put("metadata", metadata);

        // when
        JsonObject generation = create(request).getJsonObject("generation");

        // then
        assertThat(generation.getString("prompt")).isEqualTo(" \u706f\u53f0 \uD83D\uDDFC\n");
        assertThat(generation.getValue("width")).isEqualTo(512);
        assertThat(generation.getLong("seed")).isEqualTo(5);
        assertThat(generation.getJsonObject("metadata")).isEqualTo(metadata);
    }

    @Test
    void replyContainsDefaults() throws Exception {
        // when
        JsonObject generation = create(new JsonObject().put("prompt", "x")).getJsonObject("generation");

        // then
        assertThat(generation.getString("model")).isEqualTo("house-model");
        assertThat(generation.getLong("seed")).isEqualTo(RANDOM.nextLong(RequestLimits.SEEDS.maximum() + 1));
        assertThat(generation.getInteger("width")).isEqualTo(512);
        assertThat(generation.getString("status")).isEqualTo("PENDING");
    }

    @Test
    void usedIdempotencyKeyIsFoundBeforeAWebhookUrlIsRejected() throws Exception {
        // given a key that was used, and a host name that does not resolve now
        JsonObject fields = new JsonObject().put("prompt", "x");
        send("create", request(fields).put("user", "local").put("idempotencyKey", "used"));
        JsonObject withWebhook = fields.copy().put("webhookUrl", "https://hooks.example/x");

        // when
        JsonObject fresh =
                send("create", request(withWebhook).put("user", "local").put("idempotencyKey", "fresh"));
        JsonObject repeated =
                send("create", request(withWebhook).put("user", "local").put("idempotencyKey", "used"));

        // then
        assertThat(fresh.getJsonObject("error").getString("code")).isEqualTo("UNAVAILABLE");
        assertThat(repeated.getJsonObject("error").getString("code")).isEqualTo("KEY_REUSED");
    }

    @Test
    void cancellationBetweenTwoAttemptsStopsTheJobOfTheEarlierOne() throws Exception {
        // given generations that wait for an attempt, of which one has a job with an unknown outcome
        UUID plain = UUID.fromString(create(new JsonObject().put("prompt", "x"))
                .getJsonObject("generation")
                .getString("id"));
        UUID unresolved = UUID.fromString(create(new JsonObject().put("prompt", "x"))
                .getJsonObject("generation")
                .getString("id"));
        await(database.pool()
                .preparedQuery(
                        "UPDATE generation_queue SET job_backend = 'comfy', job_token = 3, provider_job_id = 'id-7'"
                                + " WHERE generation_id = $1")
                .execute(Tuple.of(unresolved)));

        // when
        send("cancel", byId(plain).put("user", "local"));
        JsonObject reply = send("cancel", byId(unresolved).put("user", "local"));

        // then
        assertThat(reply.getJsonObject("generation").getString("status")).isEqualTo("FAILED");
        assertThat(cancelledJobs)
                .containsExactly(
                        new UnresolvedJob("comfy", new JobReference(GenerationLease.jobKey(unresolved, 3), "id-7")));
    }

    @Test
    void returnsTheModelWithItsLimits() throws Exception {
        // when
        JsonObject reply = send("getModels", new JsonObject().put("user", "local"));

        // then
        assertThat(reply)
                .isEqualTo(new JsonObject()
                        .put(
                                "models",
                                new JsonArray()
                                        .add(new JsonObject()
                                                .put("name", "house-model")
                                                .put("default", true)
                                                .put("maxPromptLength", 100)
                                                .put(
                                                        "width",
                                                        new JsonObject()
                                                                .put("minimum", 64)
                                                                .put("maximum", 1024))
                                                .put(
                                                        "height",
                                                        new JsonObject()
                                                                .put("minimum", 64)
                                                                .put("maximum", 1024))
                                                .put(
                                                        "count",
                                                        new JsonObject()
                                                                .put("minimum", 1)
                                                                .put("maximum", 2))
                                                .put("negativePrompt", true)
                                                .put(
                                                        "inputImages",
                                                        new JsonObject()
                                                                .put("minimum", 0)
                                                                .put("maximum", 0))
                                                .put(
                                                        "mask",
                                                        new JsonObject()
                                                                .put("minimum", 0)
                                                                .put("maximum", 0))
                                                .put(
                                                        "imageFormats",
                                                        new JsonArray(List.of("image/png", "image/jpeg", "image/webp")))
                                                .put(
                                                        "seed",
                                                        new JsonObject()
                                                                .put("minimum", 0)
                                                                .put("maximum", 2147483647)))));
    }

    @ParameterizedTest
    @NullSource
    @ValueSource(strings = {"", "0", "2", "1.0", "one"})
    void rejectsUnknownVersion(String version) throws Exception {
        // when
        JsonObject reply =
                send(headers(GenerationBus.GET, version), byId(PENDING).put("user", "local"));

        // then
        assertInvalid(reply, "the header version must be 1");
    }

    @ParameterizedTest
    @NullSource
    @ValueSource(strings = {"", "paint", "CREATE", "getimage"})
    void rejectsUnknownAction(String action) throws Exception {
        // when
        JsonObject reply = send(action, byId(PENDING).put("user", "local"));

        // then
        assertInvalid(
                reply,
                "the header action must be create, list, get, getImage, cancel, delete, retry, getModels, getUsage or getAllUsage");
    }

    static Stream<Object> bodiesWithoutUser() {
        return Stream.of(
                new JsonObject(),
                byId(PENDING),
                byId(PENDING).putNull("user"),
                byId(PENDING).put("user", 1),
                byId(PENDING).put("user", new JsonObject()),
                new JsonArray().add("local"),
                "local",
                42,
                true,
                Buffer.buffer("{\"user\":\"local\"}"));
    }

    @ParameterizedTest
    @NullSource
    @MethodSource("bodiesWithoutUser")
    void rejectsCommandWithoutUser(Object body) throws Exception {
        // when
        JsonObject reply = send(headers(GenerationBus.GET, CommandProtocol.VERSION), body);

        // then
        assertInvalid(reply, "the body must be an object that names its user");
    }

    static Stream<Object> invalidRequests() {
        return Stream.of("x", 1, new JsonArray(), true);
    }

    @ParameterizedTest
    @NullSource
    @MethodSource("invalidRequests")
    void rejectsCreateWithoutRequest(Object request) throws Exception {
        // when
        JsonObject reply = send("create", new JsonObject().put("user", "local").put("request", request));

        // then
        assertInvalid(reply, "request must be an object");
    }

    static Stream<Object> invalidIds() {
        return Stream.of("", "42", 42, new JsonObject(), PENDING + "-0", "urn:uuid:" + PENDING);
    }

    @ParameterizedTest
    @NullSource
    @MethodSource("invalidIds")
    void rejectsInvalidId(Object id) throws Exception {
        for (String action : List.of("get", "getImage")) {
            // when
            JsonObject reply =
                    send(action, new JsonObject().put("user", "local").put("id", id));

            // then
            assertInvalid(reply, "id must be a UUID");
        }
    }

    @Test
    void reportsTighterLimitsOfTheOperator() throws Exception {
        // when
        JsonObject reply = create(new JsonObject()
                .put("prompt", "x".repeat(101))
                .put("width", 1025)
                .put("height", 2048)
                .put("count", 3));

        // then
        assertThat(errors(reply))
                .containsExactly(
                        "#/prompt must be at most 100 characters long",
                        "#/width must be between 64 and 1024",
                        "#/height must be between 64 and 1024",
                        "#/count must be between 1 and 2");
    }

    @Test
    void acceptsOnlyTheConfiguredModel() throws Exception {
        // when
        JsonObject other = create(new JsonObject().put("prompt", "x").put("model", "House-Model"));
        JsonObject configured = create(new JsonObject().put("prompt", "x").put("model", "house-model"));

        // then
        assertThat(errors(other)).containsExactly("#/model is not a known model; known are house-model");
        assertThat(configured.getJsonObject("generation").getString("model")).isEqualTo("house-model");
    }

    @Test
    void adminReadsResourcesOfAllUsersWithTheirOwner() throws Exception {
        // when
        JsonObject generation = send("get", byId(PENDING).put("user", "root").put("asAdmin", true));
        JsonObject image = send("getImage", byId(IMAGE).put("user", "root").put("asAdmin", true));

        // then
        assertThat(generation.getJsonObject("generation").getString("user")).isEqualTo("local");
        assertThat(image.getJsonObject("image").getString("user")).isEqualTo("local");
    }

    @ParameterizedTest
    @ValueSource(strings = {"true", "yes", "1"})
    void onlyTrueGrantsAdminAccess(String almost) throws Exception {
        assertThat(send("get", byId(PENDING).put("user", "root").put("asAdmin", almost))
                        .containsKey("error"))
                .isTrue();
    }

    @Test
    void hidesResourcesOfOtherUsers() throws Exception {
        // when
        JsonObject generation = send("get", byId(PENDING).put("user", "other-user"));
        JsonObject image = send("getImage", byId(IMAGE).put("user", "other-user"));

        // then
        assertThat(generation).isEqualTo(error("NOT_FOUND", "generation not found"));
        assertThat(image).isEqualTo(error("NOT_FOUND", "image not found"));
    }

    @Test
    void repliesWithoutDatabase() throws Exception {
        // given
        Vertx own = Vertx.vertx();
        DatabaseUrl unreachable = new DatabaseUrl("127.0.0.1", 1, "gone", "gone", new Secret("gone"));
        Settings settings = settings(DarkroomInstanceSettings.forTests().database(unreachable));
        Database unavailable = Database.open(own, unreachable, settings.database());
        try {
            await(own.deployVerticle(new GenerationCommandVerticle(
                    shared(unavailable, settings.generation()),
                    settings.generation(),
                    TestModels.catalog(null),
                    RANDOM)));
            JsonObject request = request(new JsonObject().put("prompt", "x")).put("user", "local");

            // when
            JsonObject created = send(own, headers("create", "1"), request);
            JsonObject found = send(own, headers("get", "1"), byId(PENDING).put("user", "local"));

            // then
            assertThat(created).isEqualTo(error("UNAVAILABLE", "the database is unavailable"));
            assertThat(found).isEqualTo(error("UNAVAILABLE", "the database is unavailable"));
        } finally {
            await(own.close());
        }
    }

    private static JsonObject create(JsonObject request) throws Exception {
        return send("create", request(request).put("user", "local"));
    }

    private static JsonObject request(JsonObject request) {
        return new JsonObject().put("request", request);
    }

    private static JsonObject byId(UUID id) {
        return new JsonObject().put("id", id.toString());
    }

    private static JsonObject error(String code, String message) {
        return new JsonObject().put("error", new JsonObject().put("code", code).put("message", message));
    }

    private static JsonObject send(String action, JsonObject body) throws Exception {
        return send(headers(action, CommandProtocol.VERSION), body);
    }

    private static JsonObject send(DeliveryOptions options, Object body) throws Exception {
        return send(vertx, options, body);
    }

    private static JsonObject send(Vertx bus, DeliveryOptions options, Object body) throws Exception {
        return await(bus.eventBus().<JsonObject>request(GenerationBus.COMMANDS, body, options))
                .body();
    }

    private static DeliveryOptions headers(String action, String version) {
        DeliveryOptions options = new DeliveryOptions().setSendTimeout(10_000);
        if (action != null) {
            options.addHeader(CommandProtocol.ACTION_HEADER, action);
        }
        if (version != null) {
            options.addHeader(CommandProtocol.VERSION_HEADER, version);
        }
        return options;
    }

    private static void assertInvalid(JsonObject reply, String message) {
        assertThat(reply).isEqualTo(error("INVALID", message));
    }

    private static List<String> errors(JsonObject reply) {
        JsonObject error = reply.getJsonObject("error");
        assertThat(error.getString("code")).isEqualTo("INVALID");
        return error.getJsonArray("errors").stream()
                .map(JsonObject.class::cast)
                .map(each -> each.getString("pointer") + " " + each.getString("detail"))
                .toList();
    }

    /** Asserts that a value has only JSON types: no timestamp, UUID, enum or buffer that becomes text when it is encoded. */
    private static void assertPlain(Object value) {
        if (value instanceof JsonObject object) {
            object.forEach(entry -> assertPlain(entry.getValue()));
        } else if (value instanceof JsonArray array) {
            array.forEach(GenerationCommandVerticleTest::assertPlain);
        } else {
            assertThat(value).isInstanceOfAny(String.class, Integer.class, Long.class, Boolean.class);
        }
    }

    private static void insertOneOfEachState(DatabaseUrl url) {
        String generation = "INSERT INTO generations (id, user_id, prompt, width, height, image_count, seed, status,"
                + " failed_attempts, metadata, error_code, error_class, error_message, error_retryable, completed_at)"
                + " VALUES ('%s', 'local', 'x', 64, 64, 1, 7, '%s', 1, %s)";
        String attempt = "INSERT INTO generation_attempts (generation_id, number, lease_token, node_id, backend,"
                + " selection, started_at, finished_at, outcome, counted, error_class, error_code, error_message, http_status,"
                + " retry_at) VALUES ('%s', %d, %d, '" + PENDING + "', 'default', 'ONLY', now(), now(), %s)";
        String failure = "'RETRYABLE', true, 'SERVER_ERROR', 'SERVER_ERROR', 'The AI server failed.', 500, now()";
        TestPostgres.execute(
                url,
                generation.formatted(PENDING, "PENDING", "'{\"k\": \"v\"}', NULL, NULL, NULL, NULL, NULL"),
                attempt.formatted(PENDING, 1, 1, failure),
                "INSERT INTO generation_queue (generation_id, user_id, route, deadline, lease_owner,"
                        + " attempt_started_at, attempt_deadline, attempt_backend, attempt_selection) VALUES ('"
                        + PENDING
                        + "', 'local', 'default', now(), '" + PENDING + "', now(), now(), 'default', 'ONLY')",
                generation.formatted(COMPLETE, "COMPLETE", "NULL, NULL, NULL, NULL, NULL, now()"),
                attempt.formatted(COMPLETE, 1, 1, failure),
                attempt.formatted(COMPLETE, 2, 2, "'SUCCEEDED', true, NULL, NULL, NULL, NULL, NULL"),
                "INSERT INTO images VALUES ('" + IMAGE + "', '" + COMPLETE + "', 0, 'image/png', 64, 64, 9999999999, '"
                        + "0".repeat(64) + "', 'aa/x.png')",
                generation.formatted(FAILED, "FAILED", "NULL, 'MODERATED', 'MODERATED', 'No.', false, now()"));
    }

    private static Settings settings(DarkroomInstanceSettings settings) {
        return SettingsLoader.load(settings.environment(), Path.of("target")).settings();
    }

    private static <T> T await(Future<T> future) throws Exception {
        return future.toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS);
    }

    @Test
    void idempotencyKeyCreatesOneGeneration() throws Exception {
        // given
        JsonObject command = request(new JsonObject().put("prompt", "once"))
                .put("user", "local")
                .put("idempotencyKey", "integration-key");

        // when
        JsonObject first = send("create", command.copy());
        JsonObject second = send("create", command.copy());
        JsonObject other = send("create", command.copy().put("user", "another"));
        JsonObject conflict =
                send("create", command.copy().put("request", new JsonObject().put("prompt", "something else")));

        // then
        assertThat(first.containsKey("replayed")).isFalse();
        assertThat(second.getBoolean("replayed")).isTrue();
        assertThat(second.getJsonObject("generation").getString("id"))
                .isEqualTo(first.getJsonObject("generation").getString("id"));
        assertThat(other.containsKey("replayed")).isFalse();
        assertThat(conflict.getJsonObject("error").getString("code")).isEqualTo("KEY_REUSED");
    }

    @Test
    void signedLinkNeedsNoUser() throws Exception {
        // when
        JsonObject linked = send("getImage", byId(IMAGE).put("signedUrl", true));

        // then
        assertThat(linked.getJsonObject("image").getString("id")).isEqualTo(IMAGE.toString());
        assertInvalid(
                send("get", byId(COMPLETE).put("signedUrl", true)), "the body must be an object that names its user");
    }
}
