package dev.darkroom.e2e;

import static dev.darkroom.testing.ProblemAssertions.assertProblem;
import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.auth.ApiKey;
import dev.darkroom.auth.ApiKeyAdmin;
import dev.darkroom.auth.Principal;
import dev.darkroom.auth.Role;
import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.DarkroomInstance;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.InProcessDarkroom;
import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.JwksServer;
import dev.darkroom.testing.JwtSigningKey;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Authentication with JWTs of an external issuer, whose keys are fetched over HTTP. */
@Timeout(300)
@Execution(ExecutionMode.CONCURRENT)
class JwtAuthenticationIT {
    private static final String ISSUER = "https://login.example.org/";
    private static final JwtSigningKey RSA = JwtSigningKey.rsa("rsa-1");
    private static final JwtSigningKey EC = JwtSigningKey.ec("ec-1", "secp256r1");
    private static final JwtSigningKey ED = JwtSigningKey.ed25519("ed-1");

    private static final JwksServer jwksServer = new JwksServer(RSA, EC, ED);
    private static final InProcessSimulator inProcessSimulator = new InProcessSimulator(Duration.ofMillis(10));
    private static DatabaseUrl database;
    private static DarkroomInstance darkroomInstance;

    @TempDir
    static Path directory;

    @BeforeAll
    static void start() {
        database = TestPostgres.migratedDatabase();
        darkroomInstance = InProcessDarkroom.start(
                directory,
                settings()
                        .with("DARKROOM_AUTH", "required")
                        .with("DARKROOM_JWT_JWKS_URL", jwksServer.url().toString()));
    }

    @AfterAll
    static void stop() {
        darkroomInstance.close();
        jwksServer.close();
        inProcessSimulator.close();
    }

    private static DarkroomInstanceSettings settings() {
        return DarkroomInstanceSettings.forTests()
                .database(database)
                .aiServer(inProcessSimulator)
                .with("DARKROOM_JWT_ISSUER", ISSUER)
                .with("DARKROOM_JWT_AUDIENCE", "darkroom")
                .with("DARKROOM_JWT_CLOCK_SKEW", "5s")
                .with("DARKROOM_JWT_ADMIN_CLAIM", "groups")
                .with("DARKROOM_JWT_ADMIN_VALUE", "darkroom-admins");
    }

    private static JsonObject header(String algorithm, JwtSigningKey key) {
        return new JsonObject().put("alg", algorithm).put("kid", key.id());
    }

    private static JsonObject claims(String user) {
        long now = Instant.now().getEpochSecond();
        return new JsonObject()
                .put("iss", ISSUER)
                .put("aud", "darkroom")
                .put("sub", user)
                .put("iat", now)
                .put("exp", now + 600);
    }

    private static String token(String user) {
        return RSA.sign(header("RS256", RSA), claims(user));
    }

    private static String with(Consumer<JsonObject> change) {
        JsonObject claims = claims("alice");
        change.accept(claims);
        return RSA.sign(header("RS256", RSA), claims);
    }

    @ParameterizedTest
    @ValueSource(longs = {253_402_300_800L, 300_000_000_000_000L, Long.MAX_VALUE})
    void acceptsTokenThatExpiresInFarFuture(long exp) {
        ApiClient client = clientWith(with(claims -> claims.put("exp", exp)));

        assertThat(client.get("/api/generation").status()).isEqualTo(200);
        assertThat(client.send("POST", "/api/notifications/ticket", Map.of(), null)
                        .status())
                .isEqualTo(201);
    }

    private static ApiClient clientWith(String token) {
        return darkroomInstance.client().withKey(token);
    }

    private static ApiClient.ApiResponse post(ApiClient client) {
        return client.post(new JsonObject().put("prompt", "A lighthouse").encode());
    }

    static Stream<String> validTokens() {
        return Stream.of(
                token("alice"),
                EC.sign(header("ES256", EC), claims("alice")),
                ED.sign(header("EdDSA", ED), claims("alice")),
                with(c -> c.put("aud", new JsonArray().add("lightroom").add("darkroom"))));
    }

    @ParameterizedTest
    @MethodSource("validTokens")
    void generatesImageWithValidToken(String token) {
        // when
        ApiClient alice = clientWith(token);
        JsonObject ended = alice.awaitEnd(alice.create("A lighthouse"));

        // then
        assertThat(ended.getString("status")).isEqualTo("COMPLETE");
        assertThat(darkroomInstance.log()).noneMatch(line -> line.contains(token));
    }

    static Stream<Arguments> invalidTokens() {
        String none =
                JwtSigningKey.base64Url(new JsonObject().put("alg", "none").encode());
        String claims = JwtSigningKey.base64Url(claims("alice").encode());
        String valid = token("alice");
        long now = Instant.now().getEpochSecond();
        return Stream.of(
                Arguments.of("alg none", none + "." + claims + "."),
                Arguments.of(
                        "HMAC with the public key as its secret",
                        JwtSigningKey.signWithSecret(header("HS256", RSA), claims("alice"), RSA.publicBytes())),
                Arguments.of("another issuer", with(c -> c.put("iss", "https://login.example.com/"))),
                Arguments.of("another audience", with(c -> c.put("aud", "lightroom"))),
                Arguments.of(
                        "other audiences",
                        with(c -> c.put("aud", new JsonArray().add("a").add("b")))),
                Arguments.of("not yet valid", with(c -> c.put("nbf", now + 300))),
                Arguments.of("no exp", with(c -> c.remove("exp"))),
                Arguments.of("no user", with(c -> c.remove("sub"))),
                Arguments.of("payload of another token", valid.replaceFirst("\\.[^.]+\\.", "." + claims + "A.")),
                Arguments.of(
                        "crit", RSA.sign(header("RS256", RSA).put("crit", new JsonArray().add("x")), claims("alice"))),
                Arguments.of(
                        "another key with the same id",
                        JwtSigningKey.otherRsa("rsa-1").sign(header("RS256", RSA), claims("alice"))),
                Arguments.of("unknown kid", RSA.sign(header("RS256", RSA.withId("rsa-0")), claims("alice"))),
                Arguments.of("garbage", "eyJ.eyJ.eyJ"),
                Arguments.of("a word", "hunter2"),
                Arguments.of("too long", with(c -> c.put("pad", "x".repeat(5000)))));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("invalidTokens")
    void rejectsInvalidTokensWithoutReason(String description, String token) {
        // when
        ApiClient.ApiResponse apiResponse = post(clientWith(token));

        // then
        assertProblem(apiResponse, 401, "unauthorized", "/api/generation");
        assertThat(apiResponse.json().getString("detail"))
                .isEqualTo("This is neither an API key nor a token that is accepted here.");
        assertThat(apiResponse.header("WWW-Authenticate"))
                .isEqualTo("Bearer realm=\"darkroom\", error=\"invalid_token\"");
        assertThat(darkroomInstance.log()).noneMatch(line -> line.contains(token));
    }

    @Test
    void reportsExpiredToken() {
        // given a token that expired longer ago than the allowed clock skew
        String token = with(c -> c.put("exp", Instant.now().getEpochSecond() - 10));

        // then
        ApiClient.ApiResponse apiResponse = post(clientWith(token));
        assertProblem(apiResponse, 401, "unauthorized", "/api/generation");
        assertThat(apiResponse.json().getString("detail")).isEqualTo("This token has expired.");
    }

    @Test
    void tokenAndKeyOfUserGiveSameAccess() {
        // given
        ApiClient aliceByToken = clientWith(token("alice"));
        ApiKey key = ApiKey.generate(new SecureRandom());
        try (ApiKeyAdmin keyAdmin = ApiKeyAdmin.open(database)) {
            keyAdmin.create(key, new Principal("alice", Role.USER), null);
        }
        ApiClient aliceByKey = clientWith(key.secret());
        String id = aliceByToken.create("A lighthouse");
        String secondId = aliceByKey.create("A harbour");

        // then
        assertThat(aliceByKey.generation(id).getString("id")).isEqualTo(id);
        assertThat(aliceByToken.generation(secondId).getString("id")).isEqualTo(secondId);
        ApiClient.ApiResponse response = clientWith(token("mallory")).get("/api/generation/" + id);
        assertProblem(response, 404, "not-found", "/api/generation/" + id);
    }

    @Test
    void adminWithTokenHasAuditedAccess() {
        // given
        String id = clientWith(token("alice")).create("A lighthouse");
        String admin = "admin-" + UUID.randomUUID();
        JsonObject claims = claims(admin).put("groups", new JsonArray().add("darkroom-admins"));

        // when
        clientWith(RSA.sign(header("RS256", RSA), claims)).generation(id);

        // then
        assertThat(darkroomInstance.log())
                .filteredOn(line -> line.contains(admin))
                .singleElement()
                .asString()
                .contains("audit", "alice", id);
    }

    @Test
    void usesNewKeyWithoutRestartAndLimitsFetchesForUnknownKeys() {
        try (JwksServer rotating = new JwksServer(RSA);
                DarkroomInstance service = InProcessDarkroom.start(
                        directory.resolve("rotating"),
                        settings()
                                .with("DARKROOM_AUTH", "required")
                                .with("DARKROOM_JWT_JWKS_URL", rotating.url().toString()))) {
            // given an issuer that has published another key
            ApiClient anonymous = service.client();
            anonymous.withKey(token("alice")).create("A lighthouse");
            JwtSigningKey next = JwtSigningKey.ec("ec-2", "secp256r1");
            rotating.publish(RSA, next);
            long started = System.nanoTime();

            // when
            ApiClient alice = anonymous.withKey(next.sign(header("ES256", next), claims("alice")));
            Awaitility.await()
                    .atMost(Duration.ofSeconds(60))
                    .pollInterval(Duration.ofMillis(100))
                    .until(() -> post(alice).status() == 202);

            // then both keys are valid, and unknown key ids cause no further fetches
            anonymous.withKey(token("alice")).create("A lighthouse");
            for (int i = 0; i < 300; i++) {
                JwtSigningKey invented = ED.withId("invented-" + i);
                String token = ED.sign(header("EdDSA", invented), claims("alice"));
                assertThat(post(anonymous.withKey(token)).status()).isEqualTo(401);
            }
            long spacings = Duration.ofNanos(System.nanoTime() - started).toSeconds() / 5;
            assertThat(rotating.fetchCount()).isGreaterThanOrEqualTo(2).isLessThanOrEqualTo((int) (2 + spacings));
        }
    }

    @Test
    void acceptsKnownKeysAndReportsUnavailableForOthersDuringIssuerOutage() {
        try (JwksServer failing = new JwksServer(RSA)) {
            DarkroomInstanceSettings settings =
                    settings().with("DARKROOM_JWT_JWKS_URL", failing.url().toString());
            try (DarkroomInstance service = InProcessDarkroom.start(directory.resolve("known"), settings)) {
                // given
                ApiClient alice = service.client().withKey(token("alice"));
                alice.create("A lighthouse");

                // when
                failing.respondWith(200, "<html>Down for maintenance</html>");

                // then
                alice.create("A lighthouse");
                service.client().withKey(token("bob")).create("A lighthouse");
            }
            try (DarkroomInstance service = InProcessDarkroom.start(directory.resolve("unknown"), settings)) {
                // A server started during the outage has no keys. It returns 503 for tokens even where authentication
                // is optional.
                ApiClient.ApiResponse apiResponse = post(service.client().withKey(token("alice")));
                assertProblem(apiResponse, 503, "unavailable", "/api/generation");
                assertThat(apiResponse.header("Retry-After")).isEqualTo("5");
                assertThat(post(service.client()).status()).isEqualTo(202);
                assertThat(service.log())
                        .filteredOn(line -> line.contains("JWKS fetch failed"))
                        .singleElement()
                        .asString()
                        .startsWith("WARN ");

                // when the issuer is back
                failing.publish(RSA);

                // then
                Awaitility.await()
                        .atMost(Duration.ofSeconds(60))
                        .pollInterval(Duration.ofMillis(100))
                        .until(() ->
                                post(service.client().withKey(token("alice"))).status() == 202);
            }
        }
    }

    @Test
    void verifiesTokensWithKeyFromFile() throws IOException {
        // given
        Path file = Files.write(directory.resolve("issuer.pem"), EC.pem().getBytes(StandardCharsets.US_ASCII));
        DarkroomInstanceSettings settings = settings().with("DARKROOM_JWT_PUBLIC_KEY_FILE", file.toString());

        // then tokens are verified even where authentication is optional
        try (DarkroomInstance service = InProcessDarkroom.start(directory.resolve("file"), settings)) {
            service.client()
                    .withKey(EC.sign(header("ES256", EC), claims("alice")))
                    .create("A lighthouse");
            assertThat(post(service.client().withKey(token("alice"))).status()).isEqualTo(401);
            assertThat(post(service.client()).status()).isEqualTo(202);
        }
    }

    @Test
    void rejectsTokensWithoutConfiguredIssuer() {
        DarkroomInstanceSettings settings =
                DarkroomInstanceSettings.forTests().database(database).aiServer(inProcessSimulator);
        try (DarkroomInstance service = InProcessDarkroom.start(directory.resolve("none"), settings)) {
            ApiClient.ApiResponse apiResponse = post(service.client().withKey(token("alice")));
            assertProblem(apiResponse, 401, "unauthorized", "/api/generation");
            assertThat(apiResponse.json().getString("detail")).startsWith("This is not an API key.");
        }
    }
}
