package dev.darkroom.auth.jwt;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.auth.AuthenticationException;
import dev.darkroom.auth.Principal;
import dev.darkroom.auth.Role;
import dev.darkroom.config.InboundSettings;
import dev.darkroom.config.TestSettings;
import dev.darkroom.testing.JwksServer;
import dev.darkroom.testing.JwtSigningKey;
import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jose4j.lang.JoseException;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Accepted and rejected tokens and their principals. The tokens are signed by the JDK. The clock is controlled by the test. */
class JwtAuthenticatorTest {
    private static final long NOW = 1_800_000_000;
    private static final int SKEW = 30;
    private static final InboundSettings.Jwt SETTINGS = TestSettings.with(
            TestSettings.DEFAULTS.jwt(),
            "issuer",
            "https://issuer.example.org/",
            "audience",
            "darkroom",
            "adminClaim",
            "roles",
            "adminValue",
            "darkroom-admin");

    private static final JwtSigningKey RSA = JwtSigningKey.rsa("rsa");
    private static final JwtSigningKey WEAK = JwtSigningKey.weakRsa("weak");
    private static final JwtSigningKey P256 = JwtSigningKey.ec("p256", "secp256r1");
    private static final JwtSigningKey P384 = JwtSigningKey.ec("p384", "secp384r1");
    private static final JwtSigningKey P521 = JwtSigningKey.ec("p521", "secp521r1");
    private static final JwtSigningKey ED25519 = JwtSigningKey.ed25519("ed");
    private static final JwtSigningKey FOREIGN = JwtSigningKey.otherRsa("rsa");

    private static Map<String, JwtVerificationKey> keys;

    private final AtomicLong wallClock = new AtomicLong(NOW);
    private final AtomicLong ticks = new AtomicLong();
    private final AtomicInteger keyLookups = new AtomicInteger();
    private final JwtAuthenticator jwtAuthenticator = new JwtAuthenticator(
            id -> {
                keyLookups.incrementAndGet();
                return Future.succeededFuture(id == null ? Optional.empty() : Optional.ofNullable(keys.get(id)));
            },
            new JwtValidator(SETTINGS, () -> Instant.ofEpochSecond(wallClock.get())),
            ticks::get);

    @BeforeAll
    static void publish() throws JoseException {
        JsonObject set = new JsonObject(JwksServer.jwkSetOf(RSA, WEAK, P256, P384, P521, ED25519));
        set.getJsonArray("keys")
                .add(RSA.withId("only-rs512").jwk().put("alg", "RS512"))
                .add(RSA.withId("for-encryption").jwk().put("use", "enc"))
                .add(RSA.withId("to-sign").jwk().put("key_ops", new JsonArray().add("sign")))
                .add(new JsonObject()
                        .put("kty", "oct")
                        .put("kid", "secret")
                        .put("k", JwtSigningKey.base64Url("s".repeat(32))))
                .add(new JsonObject().put("kty", "of tomorrow").put("kid", "tomorrow"));
        keys = JwkSetParser.parse(set.encode());
    }

    private static JsonObject header(String algorithm, String key) {
        return new JsonObject().put("alg", algorithm).put("kid", key).put("typ", "JWT");
    }

    private static JsonObject claims() {
        return new JsonObject()
                .put("iss", "https://issuer.example.org/")
                .put("aud", "darkroom")
                .put("sub", "alice")
                .put("exp", NOW + 600);
    }

    private static String validToken() {
        return RSA.sign(header("RS256", "rsa"), claims());
    }

    private static String tokenWith(Consumer<JsonObject> change) {
        JsonObject claims = claims();
        change.accept(claims);
        return RSA.sign(header("RS256", "rsa"), claims);
    }

    private static String tokenWithHeader(String name, Object value) {
        return RSA.sign(header("RS256", "rsa").put(name, value), claims());
    }

    private Principal authenticate(String token) {
        Future<Principal> result = jwtAuthenticator.authenticate(token);
        assertThat(result.cause()).isNull();
        return result.result();
    }

    private String rejectionDetail(String token) {
        Future<Principal> result = jwtAuthenticator.authenticate(token);
        assertThat(result.isComplete()).isTrue();
        assertThat(result.cause()).as("%s", result.result()).isInstanceOf(AuthenticationException.class);
        assertThat(((AuthenticationException) result.cause()).reason())
                .isEqualTo(AuthenticationException.Reason.INVALID_CREDENTIALS);
        assertThat(result.cause()).hasMessageNotContaining(token.isEmpty() ? "\0" : token);
        return result.cause().getMessage();
    }

    static Stream<Arguments> acceptedAlgorithms() {
        return Stream.of(
                Arguments.of("RS256", RSA),
                Arguments.of("RS384", RSA),
                Arguments.of("RS512", RSA),
                Arguments.of("RS512", RSA.withId("only-rs512")),
                Arguments.of("ES256", P256),
                Arguments.of("ES384", P384),
                Arguments.of("ES512", P521),
                Arguments.of("EdDSA", ED25519));
    }

    @ParameterizedTest
    @MethodSource("acceptedAlgorithms")
    void acceptsTokenOfEachAlgorithm(String algorithm, JwtSigningKey key) {
        assertThat(authenticate(key.sign(header(algorithm, key.id()), claims())))
                .isEqualTo(new Principal("alice", Role.USER));
    }

    static Stream<Arguments> invalidTokens() {
        JsonObject none = new JsonObject().put("alg", "none").put("kid", "rsa");
        String[] parts = validToken().split("\\.", -1);
        String otherPayload = JwtSigningKey.base64Url(claims().put("sub", "bob").encode());
        return Stream.of(
                // signature and key
                Arguments.of("alg none", JwtSigningKey.base64Url(none.encode()) + "." + parts[1] + "."),
                Arguments.of("alg none with a signature", RSA.sign(none.encode(), claims().encode(), "RS256")),
                Arguments.of(
                        "HMAC with the public key in X.509 as its secret",
                        JwtSigningKey.signWithSecret(header("HS256", "rsa"), claims(), RSA.publicBytes())),
                Arguments.of(
                        "HMAC with the public key in PEM as its secret",
                        JwtSigningKey.signWithSecret(
                                header("HS256", "rsa"), claims(), RSA.pem().getBytes(StandardCharsets.UTF_8))),
                Arguments.of(
                        "HMAC that calls itself RS256",
                        JwtSigningKey.signWithSecret(header("RS256", "rsa"), claims(), RSA.publicBytes())),
                Arguments.of(
                        "HMAC with a secret that the key set shows",
                        JwtSigningKey.signWithSecret(
                                header("HS256", "secret"),
                                claims(),
                                "s".repeat(32).getBytes(StandardCharsets.UTF_8))),
                Arguments.of("PS256", RSA.sign(header("PS256", "rsa").encode(), claims().encode(), "RS256")),
                Arguments.of(
                        "alg in lower case", RSA.sign(header("rs256", "rsa").encode(), claims().encode(), "RS256")),
                Arguments.of("a foreign key with the same kid", FOREIGN.sign(header("RS256", "rsa"), claims())),
                Arguments.of("RSA as ES256", RSA.sign(header("ES256", "rsa").encode(), claims().encode(), "RS256")),
                Arguments.of("P-256 as RS256", P256.sign(header("RS256", "p256").encode(), claims().encode(), "ES256")),
                Arguments.of("P-384 as ES256", P384.sign(header("ES256", "p384").encode(), claims().encode(), "ES256")),
                Arguments.of("P-256 as ES384", P256.sign(header("ES384", "p256").encode(), claims().encode(), "ES384")),
                Arguments.of(
                        "Ed25519 as ES256", ED25519.sign(header("ES256", "ed").encode(), claims().encode(), "EdDSA")),
                Arguments.of("RS256 by a key for RS512", RSA.sign(header("RS256", "only-rs512"), claims())),
                Arguments.of("a key for encryption", RSA.sign(header("RS256", "for-encryption"), claims())),
                Arguments.of("a key whose key_ops lack verify", RSA.sign(header("RS256", "to-sign"), claims())),
                Arguments.of("an RSA key of 1024 bits", WEAK.sign(header("RS256", "weak"), claims())),
                Arguments.of("a kid that is not there", RSA.sign(header("RS256", "other"), claims())),
                Arguments.of("no kid", RSA.sign(new JsonObject().put("alg", "RS256"), claims())),
                Arguments.of(
                        "a key in its jwk header",
                        FOREIGN.sign(header("RS256", "own").put("jwk", FOREIGN.jwk()), claims())),
                Arguments.of(
                        "an ES256 signature of zeros",
                        JwtSigningKey.base64Url(header("ES256", "p256").encode()) + "." + parts[1] + "."
                                + "A".repeat(86)),
                Arguments.of("the payload of another token", parts[0] + "." + otherPayload + "." + parts[2]),
                Arguments.of("no signature", parts[0] + "." + parts[1] + "."),
                // header
                Arguments.of("crit", tokenWithHeader("crit", new JsonArray().add("exp"))),
                Arguments.of("crit that is empty", tokenWithHeader("crit", new JsonArray())),
                Arguments.of("crit with b64", tokenWithHeader("crit", new JsonArray().add("b64"))),
                Arguments.of("unencoded payload (b64)", tokenWithHeader("b64", false)),
                Arguments.of("a token inside", tokenWithHeader("cty", "JWT")),
                Arguments.of("a cty at all", tokenWithHeader("cty", "json")),
                Arguments.of("a logout token", tokenWithHeader("typ", "logout+jwt")),
                Arguments.of("a typ that is no string", tokenWithHeader("typ", 1)),
                Arguments.of("a kid that is no string", tokenWithHeader("kid", 1)),
                Arguments.of(
                        "an alg that is no string",
                        RSA.sign("{\"alg\":256,\"kid\":\"rsa\"}", claims().encode(), "RS256")),
                Arguments.of(
                        "alg twice",
                        RSA.sign("{\"alg\":\"RS256\",\"kid\":\"rsa\",\"alg\":\"RS256\"}", claims().encode(), "RS256")),
                // claims
                Arguments.of("another issuer", tokenWith(c -> c.put("iss", "https://issuer.example.org"))),
                Arguments.of("no issuer", tokenWith(c -> c.remove("iss"))),
                Arguments.of("another audience", tokenWith(c -> c.put("aud", "lightroom"))),
                Arguments.of(
                        "other audiences",
                        tokenWith(c -> c.put("aud", new JsonArray().add("a").add("b")))),
                Arguments.of("no audiences", tokenWith(c -> c.put("aud", new JsonArray()))),
                Arguments.of("no audience", tokenWith(c -> c.remove("aud"))),
                Arguments.of("not yet valid", tokenWith(c -> c.put("nbf", NOW + SKEW + 1))),
                Arguments.of("no exp", tokenWith(c -> c.remove("exp"))),
                Arguments.of("an exp that is a string", tokenWith(c -> c.put("exp", "tomorrow"))),
                Arguments.of("an nbf that is a string", tokenWith(c -> c.put("nbf", "yesterday"))),
                Arguments.of(
                        "expired, of another issuer",
                        tokenWith(c -> c.put("exp", 1).put("iss", "x"))),
                // user
                Arguments.of("no user", tokenWith(c -> c.remove("sub"))),
                Arguments.of("a user without a name", tokenWith(c -> c.put("sub", ""))),
                Arguments.of("a user of white space", tokenWith(c -> c.put("sub", "  "))),
                Arguments.of("a user of 129 characters", tokenWith(c -> c.put("sub", "u".repeat(129)))),
                Arguments.of("a user that is a number", tokenWith(c -> c.put("sub", 7))),
                Arguments.of("users", tokenWith(c -> c.put("sub", new JsonArray().add("alice")))),
                Arguments.of("a user with a NUL", tokenWith(c -> c.put("sub", "ali\0ce"))),
                Arguments.of("a user with a line break", tokenWith(c -> c.put("sub", "alice\nINFO audit"))),
                Arguments.of(
                        "a user with an unpaired surrogate",
                        RSA.sign(
                                header("RS256", "rsa").encode(),
                                claims().put("sub", "X").encode().replace("\"X\"", "\"a\\ud800\""),
                                "RS256")),
                // malformed
                Arguments.of("nothing", ""),
                Arguments.of("a word", "hunter2"),
                Arguments.of("dots", ".."),
                Arguments.of("garbage", "e30.e30.e30"),
                Arguments.of("a header that is no object", JwtSigningKey.base64Url("[1]") + ".e30.e30"),
                Arguments.of("a header that is no UTF-8", "_w.e30.e30"),
                Arguments.of("a deep header", JwtSigningKey.base64Url("{\"a\":" + "[".repeat(4000)) + ".e30.e30"),
                Arguments.of(
                        "claims that are no object",
                        RSA.sign(header("RS256", "rsa").encode(), "[]", "RS256")),
                Arguments.of(
                        "claims that are no JSON",
                        RSA.sign(header("RS256", "rsa").encode(), "alice", "RS256")),
                Arguments.of("five parts", validToken() + ".a.b"),
                Arguments.of("padding", validToken() + "="),
                Arguments.of("a space at its end", validToken() + " "));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("invalidTokens")
    void rejectsInvalidTokenWithoutReason(String description, String token) {
        assertThat(rejectionDetail(token)).isEqualTo("This is neither an API key nor a token that is accepted here.");
    }

    @Test
    void rejectsTokenWithAnyChangedCharacter() {
        // given
        String token = validToken();
        authenticate(token);

        // then; skips the last character of the signature, since some of its bits are unused
        for (int i = 0; i < token.length() - 1; i++) {
            char other = token.charAt(i) == 'A' ? 'B' : 'A';
            rejectionDetail(token.substring(0, i) + other + token.substring(i + 1));
        }
    }

    @Test
    void rejectsTooLongTokenWithoutKeyLookup() {
        // given
        String longest = tokenOfLength(JwtAuthenticator.MAX_TOKEN_LENGTH);
        assertThat(authenticate(longest).user()).isEqualTo("alice");
        int before = keyLookups.get();

        // when
        rejectionDetail(longest + "A");
        rejectionDetail("a".repeat(1_000_000));

        // then
        assertThat(keyLookups).hasValue(before);
    }

    /** Returns a valid token of exactly {@code length} characters. Base64 has no text of some lengths, so two parts are padded. */
    private static String tokenOfLength(int length) {
        for (int headerPadding = 0; headerPadding < 4; headerPadding++) {
            JsonObject header = header("EdDSA", "ed").put("x", "x".repeat(headerPadding));
            int unpaddedLength = ED25519.sign(header, claims().put("pad", "")).length();
            for (int padding = (length - unpaddedLength) * 3 / 4 - 4; padding < length - unpaddedLength; padding++) {
                String token = ED25519.sign(header, claims().put("pad", "x".repeat(padding)));
                if (token.length() >= length) {
                    if (token.length() == length) {
                        return token;
                    }
                    break;
                }
            }
        }
        throw new IllegalStateException("no padding gives " + length);
    }

    @ParameterizedTest
    @ValueSource(strings = {"jwt", "JWT", "at+jwt", "AT+JWT", "application/at+jwt"})
    void acceptsAccessTokenTypes(String type) {
        assertThat(authenticate(tokenWithHeader("typ", type)).user()).isEqualTo("alice");
    }

    @Test
    void acceptsOneOfSeveralAudiences() {
        String token =
                tokenWith(c -> c.put("aud", new JsonArray().add("lightroom").add("darkroom")));
        assertThat(authenticate(token).user()).isEqualTo("alice");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "auth0|65f0c2", "alice@example.org", "Zoë Ångström", "名前", "👩‍🎨"})
    void acceptsUserName(String name) {
        assertThat(authenticate(tokenWith(c -> c.put("sub", name)))).isEqualTo(new Principal(name, Role.USER));
    }

    @Test
    void limitsUserNameTo128Characters() {
        for (String letter : List.of("u", "é", "🎨")) {
            assertThat(authenticate(tokenWith(c -> c.put("sub", letter.repeat(128))))
                            .user())
                    .isEqualTo(letter.repeat(128));
            rejectionDetail(tokenWith(c -> c.put("sub", letter.repeat(129))));
        }
    }

    @Test
    void readsRoleFromAdminClaim() {
        // given
        String value = "darkroom-admin";

        // then
        assertThat(authenticate(tokenWith(c -> c.put("roles", value))).role()).isEqualTo(Role.ADMIN);
        assertThat(authenticate(tokenWith(
                                c -> c.put("roles", new JsonArray().add("x").add(value))))
                        .role())
                .isEqualTo(Role.ADMIN);
        for (Object other : List.of(
                "x",
                "not darkroom-admin",
                "DARKROOM-ADMIN",
                true,
                1,
                new JsonArray(),
                new JsonObject().put(value, true))) {
            assertThat(authenticate(tokenWith(c -> c.put("roles", other))).role())
                    .as("%s", other)
                    .isEqualTo(Role.USER);
        }
    }

    @Test
    void grantsNoAdminRoleWithoutAdminClaim() {
        // given
        InboundSettings.Jwt withoutAdminClaim = TestSettings.with(SETTINGS, "adminClaim", null, "adminValue", null);
        JwtValidator validator = new JwtValidator(withoutAdminClaim, () -> Instant.ofEpochSecond(NOW));

        // when
        Principal principal = validator
                .validate(tokenWith(c -> c.put("roles", "darkroom-admin")), Optional.of(keys.get("rsa")))
                .principal();

        // then
        assertThat(principal).isEqualTo(new Principal("alice", Role.USER));
    }

    @ParameterizedTest
    @CsvSource({
        // exp and nbf as seconds from now
        "1, -600, true",
        "-29, -600, true",
        "-30, -600, false",
        "600, 30, true",
    })
    void toleratesConfiguredClockSkew(long exp, long nbf, boolean accepted) {
        String token = tokenWith(c -> c.put("exp", NOW + exp).put("nbf", NOW + nbf));
        if (accepted) {
            assertThat(authenticate(token).user()).isEqualTo("alice");
        } else {
            assertThat(rejectionDetail(token)).isEqualTo("This token has expired.");
        }
    }

    @Test
    void acceptsExpiryBeyondSupportedRange() {
        assertThat(authenticate(tokenWith(c -> c.put("exp", Long.MAX_VALUE / 2)))
                        .user())
                .isEqualTo("alice");
    }

    @Test
    void cachesVerifiedTokenForCacheTtl() {
        // given
        String token = validToken();
        authenticate(token);

        // when
        ticks.set(JwtAuthenticator.CACHE_TTL.toNanos() - 1);
        authenticate(token);

        // then
        assertThat(keyLookups).hasValue(1);
        ticks.set(JwtAuthenticator.CACHE_TTL.toNanos());
        authenticate(token);
        assertThat(keyLookups).hasValue(2);
    }

    @Test
    void rejectsCachedTokenAfterExpiry() {
        // given
        String token = tokenWith(c -> c.put("exp", NOW + 1));
        authenticate(token);

        // when the wall clock advances and the token is still cached
        wallClock.set(NOW + SKEW);
        authenticate(token);
        wallClock.set(NOW + SKEW + 1);

        // then
        assertThat(rejectionDetail(token)).isEqualTo("This token has expired.");
    }

    @Test
    void reportsUnavailableWhenKeysAreUnavailable() {
        // given
        JwtAuthenticator authenticator = new JwtAuthenticator(
                id -> Future.failedFuture(
                        new AuthenticationException(AuthenticationException.Reason.UNAVAILABLE, "keys unavailable")),
                new JwtValidator(SETTINGS, () -> Instant.ofEpochSecond(NOW)),
                ticks::get);

        // when
        Future<Principal> result = authenticator.authenticate(validToken());

        // then
        assertThat(((AuthenticationException) result.cause()).reason())
                .isEqualTo(AuthenticationException.Reason.UNAVAILABLE);
    }
}
