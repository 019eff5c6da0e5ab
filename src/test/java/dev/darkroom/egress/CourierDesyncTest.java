package dev.darkroom.egress;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.DesyncAnswer;
import dev.darkroom.testing.DesyncAnswer.Content;
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

/** No answer of a receiver, however broken, is taken for the answer to another delivery. */
class CourierDesyncTest {
    private static Vertx vertx;

    @BeforeAll
    static void open() {
        vertx = Vertx.vertx();
    }

    @AfterAll
    static void close() throws Exception {
        vertx.close().await(30, TimeUnit.SECONDS);
    }

    static Stream<DesyncAnswer> answers() {
        return DesyncAnswer.all(new Content(201, "own"), new Content(203, "other"));
    }

    @ParameterizedTest
    @MethodSource("answers")
    void deliveriesGetTheirOwnAnswer(DesyncAnswer answer) throws Exception {
        Egress egress = new Egress(
                new Egress.Rules(List.of("127.0.0.0/8"), true, List.of()),
                host -> Future.failedFuture("no name is looked up"));
        Courier courier = new Courier(vertx, egress, Duration.ofSeconds(30), 65_536);
        try (KeepAliveServer server =
                new KeepAliveServer(List.of(answer, DesyncAnswer.plain(new Content(202, "next"))))) {
            Integer first = status(courier, server);
            Integer next = status(courier, server);

            // Only the head counts, so a receiver may say what it likes in the rest.
            assertThat(first).isIn(answer.usable() ? List.of(201) : Arrays.asList(null, 201, 204, 304));
            assertThat(next).isEqualTo(202);
            assertThat(server.requestsByConnection()).allMatch(count -> count <= 1);
        } finally {
            courier.close().await(30, TimeUnit.SECONDS);
        }
    }

    /** The status that a delivery gets; null when it fails. */
    private static Integer status(Courier courier, KeepAliveServer server) throws Exception {
        return courier.post(
                        "http://127.0.0.1:" + server.port() + "/hook", Map.of(), Buffer.buffer("{}"), new CallHandle())
                .map(Courier.Answer::status)
                .otherwise((Integer) null)
                .await(60, TimeUnit.SECONDS);
    }
}
