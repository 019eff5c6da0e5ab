package dev.darkroom.access;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.DesyncAnswer;
import dev.darkroom.testing.DesyncAnswer.Content;
import dev.darkroom.testing.KeepAliveServer;
import dev.darkroom.testing.KeyServer;
import dev.darkroom.testing.SigningKey;
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
class JwksDesyncTest {
    private static Vertx vertx;

    @BeforeAll
    static void open() {
        vertx = Vertx.vertx();
    }

    @AfterAll
    static void close() throws Exception {
        vertx.close().await(30, TimeUnit.SECONDS);
    }

    private static Content keys(String name) {
        return new Content(200, KeyServer.set(SigningKey.ed25519(name)));
    }

    static Stream<DesyncAnswer> answers() {
        return DesyncAnswer.all(keys("own"), keys("other"));
    }

    @ParameterizedTest
    @MethodSource("answers")
    void fetchesGetTheirOwnAnswer(DesyncAnswer answer) throws Exception {
        try (KeepAliveServer server = new KeepAliveServer(List.of(answer, DesyncAnswer.plain(keys("next"))))) {
            JwksFetch fetch = new JwksFetch(
                    vertx, URI.create("http://127.0.0.1:" + server.port() + "/jwks"), Duration.ofSeconds(30), 65_536);
            Set<String> first = names(fetch);
            Set<String> next = names(fetch);

            assertThat(first).isIn(answer.usable() ? List.of(Set.of("own")) : List.of(Set.of(), Set.of("own")));
            assertThat(next).containsExactly("next");
            assertThat(server.requestsByConnection()).allMatch(count -> count <= 1);
        }
    }

    /** The names of the keys that a fetch brings; empty when it fails. */
    private static Set<String> names(JwksFetch fetch) throws Exception {
        return fetch.keys().map(java.util.Map::keySet).otherwise(Set.of()).await(60, TimeUnit.SECONDS);
    }
}
