package dev.darkroom.auth.jwt;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.BrokenServer;
import dev.darkroom.testing.DesyncResponse;
import dev.darkroom.testing.JwksServer;
import dev.darkroom.testing.JwtSigningKey;
import dev.darkroom.testing.KeepAliveServer;
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
class JwksClientTest {
    private static final JwtSigningKey KEY = JwtSigningKey.ed25519("ed");

    private static Vertx vertx;

    private final JwksServer server = new JwksServer(KEY);

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

    private static Future<Map<String, JwtVerificationKey>> fetch(URI url, Duration patience) {
        return new JwksClient(vertx, url, patience, 65_536).fetchKeys();
    }

    private Map<String, JwtVerificationKey> fetch() throws Exception {
        return fetch(server.url(), JwksClient.TIMEOUT).await(60, TimeUnit.SECONDS);
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
        return failure(server.url(), JwksClient.TIMEOUT);
    }

    @Test
    void keysHaveTheirNames() throws Exception {
        assertThat(fetch()).containsOnlyKeys("ed");
        assertThat(server.fetchCount()).isOne();
    }

    @Test
    void asMuchAsIsReadIsReadAndNotOneByteMore() throws Exception {
        // given
        String set = JwksServer.jwkSetOf(KEY);
        String most = set + " ".repeat(JwksClient.MAX_RESPONSE_BYTES - set.length());

        // then
        server.respondWith(200, most);
        assertThat(fetch()).containsOnlyKeys("ed");
        server.respondWith(200, most + " ");
        assertThat(failure()).isEqualTo("it answered more than 131072 bytes");
        server.respondWith(200, " ".repeat(50_000_000));
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
        server.respondWith(200, body);
        assertThat(failure()).doesNotStartWith("keys: ");
    }

    @Test
    void aHundredKeysAreMoreThanAnybodyHas() throws Exception {
        // given
        JwtSigningKey[] keys = new JwtSigningKey[101];
        for (int i = 0; i < keys.length; i++) {
            keys[i] = KEY.withId("ed-" + i);
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
        server.respondWith(status, status == 204 ? "" : JwksServer.jwkSetOf(KEY));
        assertThat(failure()).isEqualTo("it answered " + status);
    }

    @Test
    void nobodyIsFollowedElsewhere() {
        try (JwksServer elsewhere = new JwksServer(KEY)) {
            server.redirectTo(elsewhere.url());
            assertThat(failure()).isEqualTo("it answered 302");
            assertThat(elsewhere.fetchCount()).isZero();
        }
    }

    @Test
    void whoeverIsNotThereIsAFailure() {
        server.close();
        assertThat(failure()).contains("refused");
    }

    @Test
    void whoeverCannotShowThatTheyAreTheIssuerIsNotBelieved() {
        try (BrokenServer untrusted = BrokenServer.withUntrustedCertificate()) {
            assertThat(failure(untrusted.url(), JwksClient.TIMEOUT)).contains("SSL");
        }
    }

    @Test
    void whoeverSaysNothingIsGivenUp() {
        try (BrokenServer full = BrokenServer.acceptingNoMore()) {
            assertThat(failure(full.url(), Duration.ofMillis(200))).isEqualTo("no answer within 200 ms");
        }
    }

    @Test
    void refusesAContentCoding() throws Exception {
        String answer = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}";
        try (KeepAliveServer coding = new KeepAliveServer(List.of(
                new DesyncResponse("coded", false, false, List.of(answer.getBytes(StandardCharsets.US_ASCII)))))) {
            assertThat(failure(URI.create("http://127.0.0.1:" + coding.port() + "/"), JwksClient.TIMEOUT))
                    .isEqualTo("it answered in a content coding that was not asked for");
        }
    }
}
