package dev.darkroom.auth.jwt;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.auth.AuthenticationException;
import dev.darkroom.auth.Principal;
import dev.darkroom.auth.Role;
import dev.darkroom.config.Settings;
import dev.darkroom.testing.JwksServer;
import dev.darkroom.testing.JwtSigningKey;
import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
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

/** Which tokens are good, and whose they are. Signed by the JDK, read by the library, with a clock that stands. */
class JwtAuthenticatorTest {
    private static final long NOW = 1_800_000_000;
    private static final int SKEW = 30;
    private static final Settings.Jwt SETTINGS = new Settings.Jwt(
            "https://issuer.example.org/",
            "darkroom",
            null,
            null,
            Duration.ofSeconds(SKEW),
            "sub",
            "roles",
            "darkroom-admin");

    private static final JwtSigningKey RSA = JwtSigningKey.rsa("rsa");
    private static final JwtSigningKey WEAK = JwtSigningKey.rsa("weak", 1024);
    private static final JwtSigningKey P256 = JwtSigningKey.ec("p256", "secp256r1");
    private static final JwtSigningKey P384 = JwtSigningKey.ec("p384", "secp384r1");
    private static final JwtSigningKey P521 = JwtSigningKey.ec("p521", "secp521r1");
    private static final JwtSigningKey ED = JwtSigningKey.ed25519("ed");
    private static final JwtSigningKey STRANGERS = JwtSigningKey.rsa("rsa");

    private static Map<String, JwtVerificationKey> keys;

    private final AtomicLong wall = new AtomicLong(NOW);
    private final AtomicLong ticks = new AtomicLong();
    private final AtomicInteger asked = new AtomicInteger();
    private final JwtAuthenticator jwtAuthenticator = new JwtAuthenticator(
            id -> {
                asked.incrementAndGet();
                return Future.succeededFuture(id == null ? Optional.empty() : Optional.ofNullable(keys.get(id)));
            },
            new JwtValidator(SETTINGS, () -> Instant.ofEpochSecond(wall.get())),
            ticks::get);

    @BeforeAll
    static void publish() throws JoseException {
        JsonObject set = new JsonObject(JwksServer.jwkSetOf(RSA, WEAK, P256, P384, P521, ED));
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

    private static String good() {
        return RSA.sign(header("RS256", "rsa"), claims());
    }

    private static String with(Consumer<JsonObject> change) {
        JsonObject claims = claims();
        change.accept(claims);
        return RSA.sign(header("RS256", "rsa"), claims);
    }

    private static String withHeader(String name, Object value) {
        return RSA.sign(header("RS256", "rsa").put(name, value), claims());
    }

    private Principal caller(String token) {
        Future<Principal> caller = jwtAuthenticator.authenticate(token);
        assertThat(caller.cause()).isNull();
        return caller.result();
    }

    private String refusal(String token) {
        Future<Principal> caller = jwtAuthenticator.authenticate(token);
        assertThat(caller.isComplete()).isTrue();
        assertThat(caller.cause()).as("%s", caller.result()).isInstanceOf(AuthenticationException.class);
        assertThat(((AuthenticationException) caller.cause()).reason())
                .isEqualTo(AuthenticationException.Reason.INVALID_CREDENTIALS);
        assertThat(caller.cause()).hasMessageNotContaining(token.isEmpty() ? "\0" : token);
        return caller.cause().getMessage();
    }

    static Stream<Arguments> goodTokens() {
        return Stream.of(
                Arguments.of("RS256", RSA),
                Arguments.of("RS384", RSA),
                Arguments.of("RS512", RSA),
                Arguments.of("RS512", RSA.withId("only-rs512")),
                Arguments.of("ES256", P256),
                Arguments.of("ES384", P384),
                Arguments.of("ES512", P521),
                Arguments.of("EdDSA", ED));
    }

    @ParameterizedTest
    @MethodSource("goodTokens")
    void whatTheIssuerSignedIsItsUsers(String algorithm, JwtSigningKey key) {
        assertThat(caller(key.sign(header(algorithm, key.id()), claims())))
                .isEqualTo(new Principal("alice", Role.USER));
    }

    static Stream<Arguments> badTokens() {
        JsonObject none = new JsonObject().put("alg", "none").put("kid", "rsa");
        String[] parts = good().split("\\.", -1);
        String others = JwtSigningKey.base64Url(claims().put("sub", "bob").encode());
        return Stream.of(
                // who signed
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
                        "alg in small letters", RSA.sign(header("rs256", "rsa").encode(), claims().encode(), "RS256")),
                Arguments.of("another's key of the same name", STRANGERS.sign(header("RS256", "rsa"), claims())),
                Arguments.of("RSA as ES256", RSA.sign(header("ES256", "rsa").encode(), claims().encode(), "RS256")),
                Arguments.of("P-256 as RS256", P256.sign(header("RS256", "p256").encode(), claims().encode(), "ES256")),
                Arguments.of("P-384 as ES256", P384.sign(header("ES256", "p384").encode(), claims().encode(), "ES256")),
                Arguments.of("P-256 as ES384", P256.sign(header("ES384", "p256").encode(), claims().encode(), "ES384")),
                Arguments.of("Ed25519 as ES256", ED.sign(header("ES256", "ed").encode(), claims().encode(), "EdDSA")),
                Arguments.of("RS256 by a key for RS512", RSA.sign(header("RS256", "only-rs512"), claims())),
                Arguments.of("a key for encryption", RSA.sign(header("RS256", "for-encryption"), claims())),
                Arguments.of("a key whose key_ops lack verify", RSA.sign(header("RS256", "to-sign"), claims())),
                Arguments.of("an RSA key of 1024 bits", WEAK.sign(header("RS256", "weak"), claims())),
                Arguments.of("a kid that is not there", RSA.sign(header("RS256", "other"), claims())),
                Arguments.of("no kid", RSA.sign(new JsonObject().put("alg", "RS256"), claims())),
                Arguments.of(
                        "a key that it brings along",
                        STRANGERS.sign(header("RS256", "own").put("jwk", STRANGERS.jwk()), claims())),
                Arguments.of(
                        "an ES256 signature of zeros",
                        JwtSigningKey.base64Url(header("ES256", "p256").encode()) + "." + parts[1] + "."
                                + "A".repeat(86)),
                Arguments.of("another's payload", parts[0] + "." + others + "." + parts[2]),
                Arguments.of("no signature", parts[0] + "." + parts[1] + "."),
                // what its header says
                Arguments.of("crit", withHeader("crit", new JsonArray().add("exp"))),
                Arguments.of("crit that is empty", withHeader("crit", new JsonArray())),
                Arguments.of("crit with b64", withHeader("crit", new JsonArray().add("b64"))),
                Arguments.of("claims that say not to be encoded", withHeader("b64", false)),
                Arguments.of("a token inside", withHeader("cty", "JWT")),
                Arguments.of("a cty at all", withHeader("cty", "json")),
                Arguments.of("a logout token", withHeader("typ", "logout+jwt")),
                Arguments.of("a typ that is no string", withHeader("typ", 1)),
                Arguments.of("a kid that is no string", withHeader("kid", 1)),
                Arguments.of(
                        "an alg that is no string",
                        RSA.sign("{\"alg\":256,\"kid\":\"rsa\"}", claims().encode(), "RS256")),
                Arguments.of(
                        "alg twice",
                        RSA.sign("{\"alg\":\"RS256\",\"kid\":\"rsa\",\"alg\":\"RS256\"}", claims().encode(), "RS256")),
                // what it claims
                Arguments.of("another issuer", with(c -> c.put("iss", "https://issuer.example.org"))),
                Arguments.of("no issuer", with(c -> c.remove("iss"))),
                Arguments.of("another audience", with(c -> c.put("aud", "lightroom"))),
                Arguments.of(
                        "other audiences",
                        with(c -> c.put("aud", new JsonArray().add("a").add("b")))),
                Arguments.of("no audiences", with(c -> c.put("aud", new JsonArray()))),
                Arguments.of("no audience", with(c -> c.remove("aud"))),
                Arguments.of("not yet valid", with(c -> c.put("nbf", NOW + SKEW + 1))),
                Arguments.of("no exp", with(c -> c.remove("exp"))),
                Arguments.of("an exp that is a string", with(c -> c.put("exp", "tomorrow"))),
                Arguments.of("an nbf that is a string", with(c -> c.put("nbf", "yesterday"))),
                Arguments.of(
                        "expired, of another issuer", with(c -> c.put("exp", 1).put("iss", "x"))),
                // whose it is
                Arguments.of("no user", with(c -> c.remove("sub"))),
                Arguments.of("a user without a name", with(c -> c.put("sub", ""))),
                Arguments.of("a user of white space", with(c -> c.put("sub", "  "))),
                Arguments.of("a user of 129 characters", with(c -> c.put("sub", "u".repeat(129)))),
                Arguments.of("a user that is a number", with(c -> c.put("sub", 7))),
                Arguments.of("users", with(c -> c.put("sub", new JsonArray().add("alice")))),
                Arguments.of("a user with a NUL", with(c -> c.put("sub", "ali\0ce"))),
                Arguments.of("a user with a line break", with(c -> c.put("sub", "alice\nINFO audit"))),
                Arguments.of(
                        "a user with half a character",
                        RSA.sign(
                                header("RS256", "rsa").encode(),
                                claims().put("sub", "X").encode().replace("\"X\"", "\"a\\ud800\""),
                                "RS256")),
                // what is no token
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
                Arguments.of("five parts", good() + ".a.b"),
                Arguments.of("padding", good() + "="),
                Arguments.of("a space at its end", good() + " "));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("badTokens")
    void whateverElseIsRefusedWithoutAReason(String what, String token) {
        assertThat(refusal(token)).isEqualTo("This is neither an API key nor a token that is accepted here.");
    }

    @Test
    void noCharacterOfATokenCanBeChanged() {
        // given
        String token = good();
        caller(token);

        // then: but for the last of the signature, some bits of which mean nothing
        for (int i = 0; i < token.length() - 1; i++) {
            char other = token.charAt(i) == 'A' ? 'B' : 'A';
            refusal(token.substring(0, i) + other + token.substring(i + 1));
        }
    }

    @Test
    void aTokenThatIsTooLongCostsNothing() {
        // given
        String longest = padded(JwtAuthenticator.MAX_TOKEN_LENGTH);
        assertThat(caller(longest).user()).isEqualTo("alice");
        int before = asked.get();

        // when
        refusal(longest + "A");
        refusal("a".repeat(1_000_000));

        // then
        assertThat(asked).hasValue(before);
    }

    /** A good token of as many characters. Base64 leaves out some lengths, so that two parts are filled. */
    private static String padded(int length) {
        for (int more = 0; more < 4; more++) {
            JsonObject header = header("EdDSA", "ed").put("x", "x".repeat(more));
            int rest = ED.sign(header, claims().put("pad", "")).length();
            for (int padding = (length - rest) * 3 / 4 - 4; padding < length - rest; padding++) {
                String token = ED.sign(header, claims().put("pad", "x".repeat(padding)));
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
    void theseTypesAreForAccess(String type) {
        assertThat(caller(withHeader("typ", type)).user()).isEqualTo("alice");
    }

    @Test
    void anAudienceOfSeveralMayHaveOurs() {
        String token = with(c -> c.put("aud", new JsonArray().add("lightroom").add("darkroom")));
        assertThat(caller(token).user()).isEqualTo("alice");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "auth0|65f0c2", "alice@example.org", "Zoë Ångström", "名前", "👩‍🎨"})
    void aUserMayBeCalledLikeThis(String name) {
        assertThat(caller(with(c -> c.put("sub", name)))).isEqualTo(new Principal(name, Role.USER));
    }

    @Test
    void aNameMayHave128CharactersHoweverTheyAreEncoded() {
        for (String letter : List.of("u", "é", "🎨")) {
            assertThat(caller(with(c -> c.put("sub", letter.repeat(128)))).user())
                    .isEqualTo(letter.repeat(128));
            refusal(with(c -> c.put("sub", letter.repeat(129))));
        }
    }

    @Test
    void theClaimSaysWhoIsAnAdmin() {
        // given
        String value = "darkroom-admin";

        // then
        assertThat(caller(with(c -> c.put("roles", value))).role()).isEqualTo(Role.ADMIN);
        assertThat(caller(with(c -> c.put("roles", new JsonArray().add("x").add(value))))
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
            assertThat(caller(with(c -> c.put("roles", other))).role())
                    .as("%s", other)
                    .isEqualTo(Role.USER);
        }
    }

    @Test
    void whereNoClaimIsNamedNoTokenIsAnAdmins() {
        // given
        Settings.Jwt plain = new Settings.Jwt(
                SETTINGS.issuer(), SETTINGS.audience(), null, null, SETTINGS.clockSkew(), "sub", null, null);
        JwtValidator rules = new JwtValidator(plain, () -> Instant.ofEpochSecond(NOW));

        // when
        Principal principal = rules.validate(with(c -> c.put("roles", "darkroom-admin")), Optional.of(keys.get("rsa")))
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
    void clocksMayDifferByTheSkewAndNoMore(long exp, long nbf, boolean good) {
        String token = with(c -> c.put("exp", NOW + exp).put("nbf", NOW + nbf));
        if (good) {
            assertThat(caller(token).user()).isEqualTo("alice");
        } else {
            assertThat(refusal(token)).isEqualTo("This token has expired.");
        }
    }

    @Test
    void anExpiryBeyondAllTimeIsNoMistakeOfOurs() {
        assertThat(caller(with(c -> c.put("exp", Long.MAX_VALUE / 2))).user()).isEqualTo("alice");
    }

    @Test
    void whatWasFoundGoodIsBelievedForAWhile() {
        // given
        String token = good();
        caller(token);

        // when
        ticks.set(JwtAuthenticator.CACHE_TTL.toNanos() - 1);
        caller(token);

        // then
        assertThat(asked).hasValue(1);
        ticks.set(JwtAuthenticator.CACHE_TTL.toNanos());
        caller(token);
        assertThat(asked).hasValue(2);
    }

    @Test
    void nothingIsBelievedBeyondItsEnd() {
        // given
        String token = with(c -> c.put("exp", NOW + 1));
        caller(token);

        // when the wall's clock goes on, and nothing is forgotten yet
        wall.set(NOW + SKEW);
        caller(token);
        wall.set(NOW + SKEW + 1);

        // then
        assertThat(refusal(token)).isEqualTo("This token has expired.");
    }

    @Test
    void whenTheKeysCannotBeHadNobodyIsTakenForAStranger() {
        // given
        JwtAuthenticator away = new JwtAuthenticator(
                id -> Future.failedFuture(
                        new AuthenticationException(AuthenticationException.Reason.UNAVAILABLE, "away")),
                new JwtValidator(SETTINGS, () -> Instant.ofEpochSecond(NOW)),
                ticks::get);

        // when
        Future<Principal> caller = away.authenticate(good());

        // then
        assertThat(((AuthenticationException) caller.cause()).reason())
                .isEqualTo(AuthenticationException.Reason.UNAVAILABLE);
    }
}
