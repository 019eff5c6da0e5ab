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

/** Fetches of key sets over HTTP: valid, invalid and failed responses. */
class JwksClientTest {
    /** Longer than {@link JwksClient#TIMEOUT}, so that no verdict depends on the speed of the machine. */
    private static final Duration PATIENCE = Duration.ofSeconds(120);

    private static final JwtSigningKey KEY = JwtSigningKey.ed25519("ed");

    private static Vertx vertx;

    private final JwksServer server = new JwksServer(KEY);

    @BeforeAll
    static void open() {
        vertx = Vertx.vertx();
    }

    @AfterAll
    static void closeAll() throws Exception {
        vertx.close().await(240, TimeUnit.SECONDS);
    }

    @AfterEach
    void close() {
        server.close();
    }

    private static Future<Map<String, JwtVerificationKey>> fetch(URI url, Duration timeout) {
        return new JwksClient(vertx, url, timeout, 65_536).fetchKeys();
    }

    private Map<String, JwtVerificationKey> fetch() throws Exception {
        return fetch(server.url(), PATIENCE).await(240, TimeUnit.SECONDS);
    }

    private static String failure(URI url, Duration timeout) {
        return fetch(url, timeout)
                .toCompletionStage()
                .handle((keys, failure) -> failure == null ? "keys: " + keys : String.valueOf(failure.getMessage()))
                .toCompletableFuture()
                .orTimeout(240, TimeUnit.SECONDS)
                .join();
    }

    private String failure() {
        return failure(server.url(), PATIENCE);
    }

    @Test
    void returnsKeysById() throws Exception {
        assertThat(fetch()).containsOnlyKeys("ed");
        assertThat(server.fetchCount()).isOne();
    }

    @Test
    void acceptsResponsesUpToLimit() throws Exception {
        // given
        String set = JwksServer.jwkSetOf(KEY);
        String longest = set + " ".repeat(JwksClient.MAX_RESPONSE_BYTES - set.length());

        // then
        server.respondWith(200, longest);
        assertThat(fetch()).containsOnlyKeys("ed");
        server.respondWith(200, longest + " ");
        assertThat(failure()).isEqualTo("response body larger than 131072 bytes");
        server.respondWith(200, " ".repeat(50_000_000));
        assertThat(failure()).isEqualTo("response body larger than 131072 bytes");
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
    void rejectsInvalidKeySet(String body) {
        server.respondWith(200, body);
        assertThat(failure()).doesNotStartWith("keys: ");
    }

    @Test
    void rejectsMoreThan100Keys() throws Exception {
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
    void rejectsStatusOtherThan200(int status) {
        server.respondWith(status, status == 204 ? "" : JwksServer.jwkSetOf(KEY));
        assertThat(failure()).isEqualTo("the issuer responded with status " + status);
    }

    @Test
    void doesNotFollowRedirects() {
        try (JwksServer elsewhere = new JwksServer(KEY)) {
            server.redirectTo(elsewhere.url());
            assertThat(failure()).isEqualTo("the issuer responded with status 302");
            assertThat(elsewhere.fetchCount()).isZero();
        }
    }

    @Test
    void failsWhenConnectionIsRefused() {
        server.close();
        assertThat(failure()).contains("refused");
    }

    @Test
    void rejectsUntrustedCertificate() {
        try (BrokenServer untrusted = BrokenServer.withUntrustedCertificate()) {
            assertThat(failure(untrusted.url(), PATIENCE)).contains("SSL");
        }
    }

    @Test
    void failsAfterTimeout() {
        try (BrokenServer server = BrokenServer.acceptingNoMore()) {
            assertThat(failure(server.url(), Duration.ofMillis(200))).isEqualTo("no response within 200 ms");
        }
    }

    @Test
    void rejectsContentCoding() throws Exception {
        String response = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}";
        try (KeepAliveServer coding = new KeepAliveServer(List.of(
                new DesyncResponse("coded", false, false, List.of(response.getBytes(StandardCharsets.US_ASCII)))))) {
            assertThat(failure(URI.create("http://127.0.0.1:" + coding.port() + "/"), PATIENCE))
                    .isEqualTo("the response has a content coding that was not requested");
        }
    }
}
