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

/** A malformed response of an issuer is never used as the response to the next fetch. */
class JwksClientDesyncTest {
    private static Vertx vertx;

    @BeforeAll
    static void open() {
        vertx = Vertx.vertx();
    }

    @AfterAll
    static void close() throws Exception {
        vertx.close().await(60, TimeUnit.SECONDS);
    }

    private static ResponseContent keys(String keyId) {
        return new ResponseContent(200, JwksServer.jwkSetOf(JwtSigningKey.ed25519(keyId)));
    }

    static Stream<DesyncResponse> responses() {
        return DesyncResponse.all(keys("own"), keys("other"));
    }

    @ParameterizedTest
    @MethodSource("responses")
    void eachFetchGetsItsOwnResponse(DesyncResponse response) throws Exception {
        try (KeepAliveServer server = new KeepAliveServer(List.of(response, DesyncResponse.plain(keys("next"))))) {
            JwksClient client = new JwksClient(
                    vertx, URI.create("http://127.0.0.1:" + server.port() + "/jwks"), Duration.ofSeconds(30), 65_536);
            Set<String> first = keyIds(client);
            Set<String> next = keyIds(client);

            assertThat(first).isIn(response.readable() ? List.of(Set.of("own")) : List.of(Set.of(), Set.of("own")));
            assertThat(next).containsExactly("next");
            assertThat(server.requestsByConnection()).allMatch(count -> count <= 1);
        }
    }

    /** Returns the IDs of the fetched keys; empty when the fetch fails. */
    private static Set<String> keyIds(JwksClient client) throws Exception {
        return client.fetchKeys().map(java.util.Map::keySet).otherwise(Set.of()).await(60, TimeUnit.SECONDS);
    }
}
