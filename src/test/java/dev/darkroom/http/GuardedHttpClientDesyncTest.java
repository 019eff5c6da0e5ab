package dev.darkroom.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.http.egress.EgressPolicy;
import dev.darkroom.testing.DesyncResponse;
import dev.darkroom.testing.DesyncResponse.ResponseContent;
import dev.darkroom.testing.KeepAliveServer;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A malformed response of a receiver is never used as the response to another delivery. */
class GuardedHttpClientDesyncTest {
    private static Vertx vertx;

    @BeforeAll
    static void open() {
        vertx = Vertx.vertx();
    }

    @AfterAll
    static void close() throws Exception {
        vertx.close().await(60, TimeUnit.SECONDS);
    }

    static Stream<DesyncResponse> responses() {
        return DesyncResponse.all(new ResponseContent(201, "own"), new ResponseContent(203, "other"));
    }

    @ParameterizedTest
    @MethodSource("responses")
    void deliveriesGetTheirOwnResponse(DesyncResponse response) throws Exception {
        EgressPolicy egressPolicy = new EgressPolicy(
                new EgressPolicy.Rules(List.of("127.0.0.0/8"), true, List.of()),
                host -> Future.failedFuture("no DNS lookup expected"));
        GuardedHttpClient guardedHttpClient =
                new GuardedHttpClient(vertx, egressPolicy, Duration.ofSeconds(30), 65_536);
        try (KeepAliveServer server =
                new KeepAliveServer(List.of(response, DesyncResponse.plain(new ResponseContent(202, "next"))))) {
            Integer first = status(guardedHttpClient, server);
            Integer next = status(guardedHttpClient, server);

            // Only the response head counts, so the body may be malformed.
            assertThat(first).isIn(response.readable() ? List.of(201) : Arrays.asList(null, 201, 204, 304));
            assertThat(next).isEqualTo(202);
            assertThat(server.requestsByConnection()).allMatch(count -> count <= 1);
        } finally {
            guardedHttpClient.close().await(60, TimeUnit.SECONDS);
        }
    }

    /** Returns the status of a delivery; null when it fails. */
    private static Integer status(GuardedHttpClient guardedHttpClient, KeepAliveServer server) throws Exception {
        return guardedHttpClient
                .post("http://127.0.0.1:" + server.port() + "/hook", Map.of(), Buffer.buffer("{}"), new HttpExchange())
                .map(OutboundResponse::status)
                .otherwise((Integer) null)
                .await(60, TimeUnit.SECONDS);
    }
}
