package dev.darkroom.e2e;

import static dev.darkroom.testing.Problems.assertProblem;
import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.DarkroomExtension;
import dev.darkroom.access.ApiKey;
import dev.darkroom.access.Caller;
import dev.darkroom.access.KeyCabinet;
import dev.darkroom.access.Role;
import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.ApiClient.Answer;
import dev.darkroom.testing.DarkroomSettings;
import java.net.URI;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Pictures as a page shows them, which cannot say who asks. */
@Timeout(300)
class PictureLinksIT {
    @RegisterExtension
    static final DarkroomExtension service = new DarkroomExtension(
            DarkroomSettings.quick().with("DARKROOM_AUTH", "required").with("DARKROOM_LINKS_LIFETIME", "15s"));

    private static final SecureRandom RANDOM = new SecureRandom();

    private static ApiClient alice;
    private static String generationId;

    @BeforeAll
    static void aliceHasAPicture() {
        alice = service.client().withKey(key("alice"));
        generationId = alice.awaitEnd(alice.create("A lighthouse")).getString("id");
    }

    private static String key(String user) {
        ApiKey key = ApiKey.mint(RANDOM);
        try (KeyCabinet cabinet = KeyCabinet.open(service.database())) {
            cabinet.add(key, new Caller(user, Role.USER), null);
        }
        return key.secret();
    }

    private static int rotate(Duration grace) {
        try (KeyCabinet cabinet = KeyCabinet.open(service.database())) {
            byte[] secret = new byte[32];
            RANDOM.nextBytes(secret);
            return cabinet.rotateLinkKeys(secret, grace);
        }
    }

    private static String freshLink() {
        URI url = URI.create(
                alice.generation(generationId).getJsonArray("imageUrls").getString(0));
        return url.getPath() + "?" + url.getQuery();
    }

    private static String path(String link) {
        return link.substring(0, link.indexOf('?'));
    }

    @Test
    void aLinkWorksWithoutSayingWhoAsks() {
        // when
        String link = freshLink();
        Answer answer = service.client().get(link);

        // then
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.header("Content-Type")).isEqualTo("image/png");
        assertThat(answer.header("X-Content-Type-Options")).isEqualTo("nosniff");
        assertThat(answer.header("Content-Security-Policy")).isEqualTo("default-src 'none'; sandbox");
        assertThat(answer.header("Cross-Origin-Resource-Policy")).isEqualTo("cross-origin");
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
        Answer answer = service.client().get(changed);

        // then
        assertProblem(answer, 403, "link-not-good", path(changed + "?"));
        assertThat(answer.json().getString("detail")).isEqualTo("This link is not one of ours.");
    }

    @Test
    void aLinkThatHasExpiredIsRefused() {
        // given
        String link = freshLink();
        assertThat(service.client().get(link).status()).isEqualTo(200);

        // when
        Answer expired = Awaitility.await("expiry")
                .atMost(Duration.ofSeconds(60))
                .pollInterval(Duration.ofMillis(100))
                .until(() -> service.client().get(link), answer -> answer.status() != 200);

        // then
        assertProblem(expired, 403, "link-not-good", path(link));
        assertThat(expired.json().getString("detail")).startsWith("This link has expired.");

        // and a new one is good, though the generation is told from memory
        assertThat(service.client().get(freshLink()).status()).isEqualTo(200);
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
                .until(PictureLinksIT::freshLink, link -> link.contains("key=" + key + "&"));
        assertThat(service.client().get(fresh).status()).isEqualTo(200);
        assertThat(old).doesNotContain("key=" + key + "&");

        // and when all that were signed are to be worthless
        String doomed = freshLink();
        rotate(Duration.ZERO);
        Answer refused = Awaitility.await("the old key is not believed")
                .atMost(Duration.ofSeconds(60))
                .pollInterval(Duration.ofMillis(200))
                .until(() -> service.client().get(doomed), answer -> answer.status() != 200);
        assertThat(refused.status()).isEqualTo(403);
        assertThat(service.client().get(freshLink()).status()).isEqualTo(200);
    }
}
