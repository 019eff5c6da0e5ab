package dev.darkroom.access;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.BrokenServer;
import dev.darkroom.testing.DesyncAnswer;
import dev.darkroom.testing.KeepAliveServer;
import dev.darkroom.testing.KeyServer;
import dev.darkroom.testing.SigningKey;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Key sets as they come over HTTP, and what else may come. */
class JwksFetchTest {
    private static final SigningKey KEY = SigningKey.ed25519("ed");

    private static Vertx vertx;

    private final KeyServer server = new KeyServer(KEY);

    @BeforeAll
    static void open() {
        vertx = Vertx.vertx();
    }

    @AfterAll
    static void closeAll() throws Exception {
        vertx.close().await(60, TimeUnit.SECONDS);
    }

    @AfterEach
    void close() {
        server.close();
    }

    private static Future<Map<String, IssuerKey>> fetch(URI url, Duration patience) {
        return new JwksFetch(vertx, url, patience, 65_536).keys();
    }

    private Map<String, IssuerKey> fetch() throws Exception {
        return fetch(server.url(), JwksFetch.PATIENCE).await(60, TimeUnit.SECONDS);
    }

    private static String failure(URI url, Duration patience) {
        return fetch(url, patience)
                .toCompletionStage()
                .handle((keys, failure) -> failure == null ? "keys: " + keys : String.valueOf(failure.getMessage()))
                .toCompletableFuture()
                .orTimeout(10, TimeUnit.SECONDS)
                .join();
    }

    private String failure() {
        return failure(server.url(), JwksFetch.PATIENCE);
    }

    @Test
    void keysHaveTheirNames() throws Exception {
        assertThat(fetch()).containsOnlyKeys("ed");
        assertThat(server.fetches()).isOne();
    }

    @Test
    void asMuchAsIsReadIsReadAndNotOneByteMore() throws Exception {
        // given
        String set = KeyServer.set(KEY);
        String most = set + " ".repeat(JwksFetch.MOST_BYTES - set.length());

        // then
        server.answer(200, most);
        assertThat(fetch()).containsOnlyKeys("ed");
        server.answer(200, most + " ");
        assertThat(failure()).isEqualTo("it answered more than 131072 bytes");
        server.answer(200, " ".repeat(50_000_000));
        assertThat(failure()).isEqualTo("it answered more than 131072 bytes");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "<html>Sign in</html>",
                "null",
                "[]",
                "{}",
                "{\"keys\":7}",
                "{\"keys\":[7]}",
                "{\"keys\":[]}",
                "{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"a\"}]}",
                "{\"keys\":[{\"kty\":\"oct\",\"kid\":\"a\",\"k\":\"c2VjcmV0\"}]}",
                "{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"a\",\"n\":\"!\",\"e\":\"AQAB\"}]}"
            })
    void whatIsNoKeySetIsAFailure(String body) {
        server.answer(200, body);
        assertThat(failure()).doesNotStartWith("keys: ");
    }

    @Test
    void aHundredKeysAreMoreThanAnybodyHas() throws Exception {
        // given
        SigningKey[] keys = new SigningKey[101];
        for (int i = 0; i < keys.length; i++) {
            keys[i] = KEY.called("ed-" + i);
        }

        // then
        server.publish(keys);
        assertThat(failure()).isEqualTo("there are more than 100 keys");
        server.publish(java.util.Arrays.copyOf(keys, 100));
        assertThat(fetch()).hasSize(100);
    }

    @ParameterizedTest
    @ValueSource(ints = {204, 401, 404, 500, 503})
    void anotherStatusIsAFailure(int status) {
        server.answer(status, status == 204 ? "" : KeyServer.set(KEY));
        assertThat(failure()).isEqualTo("it answered " + status);
    }

    @Test
    void nobodyIsFollowedElsewhere() {
        try (KeyServer elsewhere = new KeyServer(KEY)) {
            server.redirect(elsewhere.url());
            assertThat(failure()).isEqualTo("it answered 302");
            assertThat(elsewhere.fetches()).isZero();
        }
    }

    @Test
    void whoeverIsNotThereIsAFailure() {
        server.close();
        assertThat(failure()).contains("refused");
    }

    @Test
    void whoeverCannotShowThatTheyAreTheIssuerIsNotBelieved() {
        try (BrokenServer untrusted = BrokenServer.untrusted()) {
            assertThat(failure(untrusted.url(), JwksFetch.PATIENCE)).contains("SSL");
        }
    }

    @Test
    void whoeverSaysNothingIsGivenUp() {
        try (BrokenServer full = BrokenServer.full()) {
            assertThat(failure(full.url(), Duration.ofMillis(200))).isEqualTo("no answer within 200 ms");
        }
    }

    @Test
    void refusesAContentCoding() throws Exception {
        String answer = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}";
        try (KeepAliveServer coding = new KeepAliveServer(List.of(
                new DesyncAnswer("coded", false, false, List.of(answer.getBytes(StandardCharsets.US_ASCII)))))) {
            assertThat(failure(URI.create("http://127.0.0.1:" + coding.port() + "/"), JwksFetch.PATIENCE))
                    .isEqualTo("it answered in a content coding that was not asked for");
        }
    }
}
