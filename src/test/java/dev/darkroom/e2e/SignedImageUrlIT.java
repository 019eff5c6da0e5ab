package dev.darkroom.e2e;

import static dev.darkroom.testing.ProblemAssertions.assertProblem;
import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.auth.ApiKey;
import dev.darkroom.auth.ApiKeyAdmin;
import dev.darkroom.auth.ImageUrlSigner;
import dev.darkroom.auth.Principal;
import dev.darkroom.auth.Role;
import dev.darkroom.auth.UrlSigningKeys;
import dev.darkroom.config.Settings;
import dev.darkroom.config.SettingsLoader;
import dev.darkroom.database.Database;
import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.ApiClient.ApiResponse;
import dev.darkroom.testing.DarkroomExtension;
import dev.darkroom.testing.DarkroomInstanceSettings;
import io.vertx.core.Vertx;
import java.net.URI;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Signed image URLs, which a page uses without credentials. */
@Timeout(300)
class SignedImageUrlIT {
    private static final Duration LIFETIME = Duration.ofSeconds(15);

    @RegisterExtension
    static final DarkroomExtension service = new DarkroomExtension(DarkroomInstanceSettings.forTests()
            .with("DARKROOM_AUTH", "required")
            .with("DARKROOM_IMAGE_URLS_LIFETIME", LIFETIME.toSeconds() + "s"));

    private static final SecureRandom RANDOM = new SecureRandom();

    private static ApiClient alice;
    private static String generationId;

    @BeforeAll
    static void createImage() {
        alice = service.client().withKey(key("alice"));
        generationId = alice.awaitEnd(alice.create("A lighthouse")).getString("id");
    }

    private static String key(String user) {
        ApiKey key = ApiKey.generate(RANDOM);
        try (ApiKeyAdmin keyAdmin = ApiKeyAdmin.open(service.database())) {
            keyAdmin.create(key, new Principal(user, Role.USER), null);
        }
        return key.secret();
    }

    private static int rotate(Duration previousKeyValidity) {
        try (ApiKeyAdmin keyAdmin = ApiKeyAdmin.open(service.database())) {
            byte[] secret = new byte[32];
            RANDOM.nextBytes(secret);
            return keyAdmin.rotateUrlSigningKeys(secret, previousKeyValidity);
        }
    }

    private static String currentUrl() {
        URI url = URI.create(
                alice.generation(generationId).getJsonArray("imageUrls").getString(0));
        return url.getPath() + "?" + url.getQuery();
    }

    /** Returns a URL of the same image that was signed with the same keys at another time. */
    private static String urlSignedAt(Instant time) throws Exception {
        String path = pathOf(currentUrl());
        Vertx vertx = Vertx.vertx();
        Settings.Database settings = SettingsLoader.load(
                        DarkroomInstanceSettings.forTests()
                                .database(service.database())
                                .environment(),
                        service.directory())
                .settings()
                .database();
        Database database = Database.open(vertx, service.database(), settings);
        try {
            UrlSigningKeys keys = new UrlSigningKeys(vertx, database, InstantSource.fixed(time), System::nanoTime);
            return new ImageUrlSigner(keys, LIFETIME, InstantSource.fixed(time))
                    .currentSigner()
                    .map(querySigner -> path + "?" + querySigner.signedQuery(path.substring(path.lastIndexOf('/') + 1)))
                    .await(60, TimeUnit.SECONDS);
        } finally {
            database.close().await(60, TimeUnit.SECONDS);
            vertx.close().await(60, TimeUnit.SECONDS);
        }
    }

    private static String pathOf(String url) {
        return url.substring(0, url.indexOf('?'));
    }

    @Test
    void signedUrlWorksWithoutCredentials() {
        // when
        String url = currentUrl();
        ApiResponse apiResponse = service.client().get(url);

        // then
        assertThat(apiResponse.status()).isEqualTo(200);
        assertThat(apiResponse.header("Content-Type")).isEqualTo("image/png");
        assertThat(apiResponse.header("X-Content-Type-Options")).isEqualTo("nosniff");
        assertThat(apiResponse.header("Content-Security-Policy")).isEqualTo("default-src 'none'; sandbox");
        assertThat(apiResponse.header("Cross-Origin-Resource-Policy")).isEqualTo("cross-origin");
        assertThat(service.client().send("HEAD", url, Map.of(), null).status()).isEqualTo(200);
    }

    @Test
    void ownerNeedsNoSignature() {
        String path = pathOf(currentUrl());
        assertThat(alice.get(path).status()).isEqualTo(200);
        assertThat(alice.get(path).header("Cross-Origin-Resource-Policy")).isEqualTo("same-origin");
        assertThat(service.client().withKey(key("mallory")).get(path).status()).isEqualTo(404);
        assertThat(service.client().get(path).status()).isEqualTo(401);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "expires=[0-9]+ -> expires=9999999999",
                "expires=[0-9]+& -> ",
                "expires=[0-9]+ -> expires=",
                "expires=[0-9]+ -> expires=99999999999999999999",
                "expires= -> expires=0",
                "key=[0-9]+ -> key=99",
                "key=[0-9]+& -> ",
                "&signature=.* -> ",
                "signature=. -> signature=~",
                "signature=.* -> signature=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                "signature= -> signature=A",
                "signature=.* -> signature=",
                "/images/........ -> /images/00000000",
                "\\.png -> .jpg"
            })
    void rejectsTamperedUrl(String change) {
        // given
        String[] parts = change.split(" -> ", 2);
        String url = currentUrl();
        String tampered = url.replaceFirst(parts[0], parts[1].strip());
        assertThat(tampered).isNotEqualTo(url);

        // when
        ApiResponse apiResponse = service.client().get(tampered);

        // then
        assertProblem(apiResponse, 403, "invalid-image-url", pathOf(tampered + "?"));
        assertThat(apiResponse.json().getString("detail")).isEqualTo("The signature of this URL is not valid.");
    }

    @Test
    void rejectsExpiredUrl() throws Exception {
        // given a URL that expired a minute ago
        Instant now = Instant.now();
        String url = urlSignedAt(now.minus(LIFETIME.multipliedBy(5)));
        assertThat(service.client().get(urlSignedAt(now.plus(LIFETIME))).status())
                .isEqualTo(200);

        // when
        ApiResponse expired = service.client().get(url);

        // then
        assertProblem(expired, 403, "invalid-image-url", pathOf(url));
        assertThat(expired.json().getString("detail")).startsWith("This URL has expired.");
    }

    @Test
    void signsNewUrlsForCachedGeneration() {
        // given
        Instant before = Instant.now();
        String first = currentUrl();

        // when
        String second = Awaitility.await("another URL")
                .atMost(Duration.ofSeconds(60))
                .pollInterval(Duration.ofMillis(100))
                .until(SignedImageUrlIT::currentUrl, url -> !url.equals(first));

        // then each is valid for the lifetime, and up to a quarter longer
        assertThat(service.client().get(second).status()).isEqualTo(200);
        assertThat(expiryOf(first)).isAfterOrEqualTo(before.plus(LIFETIME).truncatedTo(ChronoUnit.SECONDS));
        assertThat(expiryOf(second))
                .isAfter(expiryOf(first))
                .isBeforeOrEqualTo(Instant.now().plus(LIFETIME).plus(LIFETIME.dividedBy(4)));
    }

    private static Instant expiryOf(String url) {
        return Instant.ofEpochSecond(Long.parseLong(url.replaceFirst(".*expires=([0-9]+).*", "$1")));
    }

    @Test
    void verifiesCredentialsBesideSignature() {
        String url = currentUrl();
        assertThat(service.client().withKey("dk_nonsense").get(url).status()).isEqualTo(401);
        assertThat(service.client().withKey(key("mallory")).get(url).status()).isEqualTo(200);
    }

    @Test
    void hidesExistenceOfOtherImages() {
        String url = currentUrl();
        String unknown = url.replaceFirst("/images/........", "/images/00000000");
        assertThat(service.client().get(unknown).status()).isEqualTo(403);
    }

    @Test
    void rotatesSigningKeysWhileRunning() {
        // given
        String old = currentUrl();

        // when
        int key = rotate(Duration.ofMinutes(1));

        // then URLs of both keys are valid
        String fresh = Awaitility.await("the new key signs")
                .atMost(Duration.ofSeconds(60))
                .pollInterval(Duration.ofMillis(200))
                .until(SignedImageUrlIT::currentUrl, url -> url.contains("key=" + key + "&"));
        assertThat(service.client().get(fresh).status()).isEqualTo(200);
        assertThat(old).doesNotContain("key=" + key + "&");

        // and when all previous URLs are invalidated
        String invalidated = currentUrl();
        rotate(Duration.ZERO);
        ApiResponse rejected = Awaitility.await("the rejection of the old key")
                .atMost(Duration.ofSeconds(60))
                .pollInterval(Duration.ofMillis(200))
                .until(() -> service.client().get(invalidated), apiResponse -> apiResponse.status() != 200);
        assertThat(rejected.status()).isEqualTo(403);
        assertThat(service.client().get(currentUrl()).status()).isEqualTo(200);
    }
}
