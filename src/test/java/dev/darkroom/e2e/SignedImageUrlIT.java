package dev.darkroom.e2e;

import static dev.darkroom.testing.ProblemAssertions.assertProblem;
import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.auth.ApiKey;
import dev.darkroom.auth.ApiKeyAdmin;
import dev.darkroom.auth.ImageUrlSigner;
import dev.darkroom.auth.Principal;
import dev.darkroom.auth.Role;
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

/** Pictures as a page shows them, which cannot say who asks. */
@Timeout(300)
class SignedImageUrlIT {
    private static final Duration LIFETIME = Duration.ofSeconds(15);

    @RegisterExtension
    static final DarkroomExtension service = new DarkroomExtension(DarkroomInstanceSettings.forTests()
            .with("DARKROOM_AUTH", "required")
            .with("DARKROOM_LINKS_LIFETIME", LIFETIME.toSeconds() + "s"));

    private static final SecureRandom RANDOM = new SecureRandom();

    private static ApiClient alice;
    private static String generationId;

    @BeforeAll
    static void aliceHasAPicture() {
        alice = service.client().withKey(key("alice"));
        generationId = alice.awaitEnd(alice.create("A lighthouse")).getString("id");
    }

    private static String key(String user) {
        ApiKey key = ApiKey.generate(RANDOM);
        try (ApiKeyAdmin cabinet = ApiKeyAdmin.open(service.database())) {
            cabinet.create(key, new Principal(user, Role.USER), null);
        }
        return key.secret();
    }

    private static int rotate(Duration grace) {
        try (ApiKeyAdmin cabinet = ApiKeyAdmin.open(service.database())) {
            byte[] secret = new byte[32];
            RANDOM.nextBytes(secret);
            return cabinet.rotateUrlSigningKeys(secret, grace);
        }
    }

    private static String freshLink() {
        URI url = URI.create(
                alice.generation(generationId).getJsonArray("imageUrls").getString(0));
        return url.getPath() + "?" + url.getQuery();
    }

    /** A link to the same image that was signed, with the same keys, at another time. */
    private static String linkOf(Instant time) throws Exception {
        String path = path(freshLink());
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
            return new ImageUrlSigner(vertx, database, LIFETIME, InstantSource.fixed(time), System::nanoTime)
                    .currentSigner()
                    .map(querySigner -> path + "?" + querySigner.signedQuery(path.substring(path.lastIndexOf('/') + 1)))
                    .await(60, TimeUnit.SECONDS);
        } finally {
            database.close().await(60, TimeUnit.SECONDS);
            vertx.close().await(60, TimeUnit.SECONDS);
        }
    }

    private static String path(String link) {
        return link.substring(0, link.indexOf('?'));
    }

    @Test
    void aLinkWorksWithoutSayingWhoAsks() {
        // when
        String link = freshLink();
        ApiResponse apiResponse = service.client().get(link);

        // then
        assertThat(apiResponse.status()).isEqualTo(200);
        assertThat(apiResponse.header("Content-Type")).isEqualTo("image/png");
        assertThat(apiResponse.header("X-Content-Type-Options")).isEqualTo("nosniff");
        assertThat(apiResponse.header("Content-Security-Policy")).isEqualTo("default-src 'none'; sandbox");
        assertThat(apiResponse.header("Cross-Origin-Resource-Policy")).isEqualTo("cross-origin");
        assertThat(service.client().send("HEAD", link, Map.of(), null).status()).isEqualTo(200);
    }

    @Test
    void itsOwnerNeedsNoLink() {
        String path = path(freshLink());
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
    void aLinkThatIsNotAsItWasMadeIsRefused(String change) {
        // given
        String[] parts = change.split(" -> ", 2);
        String link = freshLink();
        String changed = link.replaceFirst(parts[0], parts[1].strip());
        assertThat(changed).isNotEqualTo(link);

        // when
        ApiResponse apiResponse = service.client().get(changed);

        // then
        assertProblem(apiResponse, 403, "link-not-good", path(changed + "?"));
        assertThat(apiResponse.json().getString("detail")).isEqualTo("The signature of this link is not valid.");
    }

    @Test
    void aLinkThatHasExpiredIsRefused() throws Exception {
        // given a link that the service would have accepted until a minute ago
        Instant now = Instant.now();
        String link = linkOf(now.minus(LIFETIME.multipliedBy(5)));
        assertThat(service.client().get(linkOf(now.plus(LIFETIME))).status()).isEqualTo(200);

        // when
        ApiResponse expired = service.client().get(link);

        // then
        assertProblem(expired, 403, "link-not-good", path(link));
        assertThat(expired.json().getString("detail")).startsWith("This link has expired.");
    }

    @Test
    void linksAreMadeAnewThoughTheGenerationIsToldFromMemory() {
        // given
        Instant before = Instant.now();
        String first = freshLink();

        // when
        String second = Awaitility.await("another link")
                .atMost(Duration.ofSeconds(60))
                .pollInterval(Duration.ofMillis(100))
                .until(SignedImageUrlIT::freshLink, link -> !link.equals(first));

        // then each lasts for the lifetime, and up to a quarter longer
        assertThat(service.client().get(second).status()).isEqualTo(200);
        assertThat(expires(first)).isAfterOrEqualTo(before.plus(LIFETIME).truncatedTo(ChronoUnit.SECONDS));
        assertThat(expires(second))
                .isAfter(expires(first))
                .isBeforeOrEqualTo(Instant.now().plus(LIFETIME).plus(LIFETIME.dividedBy(4)));
    }

    private static Instant expires(String link) {
        return Instant.ofEpochSecond(Long.parseLong(link.replaceFirst(".*expires=([0-9]+).*", "$1")));
    }

    @Test
    void whatIsPresentedBesideALinkIsCheckedToo() {
        String link = freshLink();
        assertThat(service.client().withKey("dk_nonsense").get(link).status()).isEqualTo(401);
        assertThat(service.client().withKey(key("mallory")).get(link).status()).isEqualTo(200);
    }

    @Test
    void anotherUserIsNotToldWhatALinkIsGoodFor() {
        String link = freshLink();
        String never = link.replaceFirst("/images/........", "/images/00000000");
        assertThat(service.client().get(never).status()).isEqualTo(403);
    }

    @Test
    void keysAreChangedWhileItRuns() {
        // given
        String old = freshLink();

        // when
        int key = rotate(Duration.ofMinutes(1));

        // then both are good
        String fresh = Awaitility.await("the new key signs")
                .atMost(Duration.ofSeconds(60))
                .pollInterval(Duration.ofMillis(200))
                .until(SignedImageUrlIT::freshLink, link -> link.contains("key=" + key + "&"));
        assertThat(service.client().get(fresh).status()).isEqualTo(200);
        assertThat(old).doesNotContain("key=" + key + "&");

        // and when all that were signed are to be worthless
        String doomed = freshLink();
        rotate(Duration.ZERO);
        ApiResponse refused = Awaitility.await("the old key is not believed")
                .atMost(Duration.ofSeconds(60))
                .pollInterval(Duration.ofMillis(200))
                .until(() -> service.client().get(doomed), apiResponse -> apiResponse.status() != 200);
        assertThat(refused.status()).isEqualTo(403);
        assertThat(service.client().get(freshLink()).status()).isEqualTo(200);
    }
}
