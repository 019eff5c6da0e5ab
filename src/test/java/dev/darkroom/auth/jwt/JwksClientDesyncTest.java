package dev.darkroom.auth.jwt;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.DesyncResponse;
import dev.darkroom.testing.DesyncResponse.ResponseContent;
import dev.darkroom.testing.JwksServer;
import dev.darkroom.testing.JwtSigningKey;
import dev.darkroom.testing.KeepAliveServer;
import io.vertx.core.Vertx;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** No answer of an issuer, however broken, is taken for the answer to the next fetch. */
class JwksClientDesyncTest {
    private static Vertx vertx;

    @BeforeAll
    static void open() {
        vertx = Vertx.vertx();
    }

    @AfterAll
    static void close() throws Exception {
        vertx.close().await(30, TimeUnit.SECONDS);
    }

    private static ResponseContent keys(String name) {
        return new ResponseContent(200, JwksServer.jwkSetOf(JwtSigningKey.ed25519(name)));
    }

    static Stream<DesyncResponse> answers() {
        return DesyncResponse.all(keys("own"), keys("other"));
    }

    @ParameterizedTest
    @MethodSource("answers")
    void fetchesGetTheirOwnAnswer(DesyncResponse answer) throws Exception {
        try (KeepAliveServer server = new KeepAliveServer(List.of(answer, DesyncResponse.plain(keys("next"))))) {
            JwksClient fetch = new JwksClient(
                    vertx, URI.create("http://127.0.0.1:" + server.port() + "/jwks"), Duration.ofSeconds(30), 65_536);
            Set<String> first = names(fetch);
            Set<String> next = names(fetch);

            assertThat(first).isIn(answer.readable() ? List.of(Set.of("own")) : List.of(Set.of(), Set.of("own")));
            assertThat(next).containsExactly("next");
            assertThat(server.requestsByConnection()).allMatch(count -> count <= 1);
        }
    }

    /** The names of the keys that a fetch brings; empty when it fails. */
    private static Set<String> names(JwksClient fetch) throws Exception {
        return fetch.fetchKeys().map(java.util.Map::keySet).otherwise(Set.of()).await(60, TimeUnit.SECONDS);
    }
}
