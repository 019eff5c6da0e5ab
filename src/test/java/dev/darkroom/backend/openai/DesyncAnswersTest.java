package dev.darkroom.backend.openai;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.backend.Call;
import dev.darkroom.backend.ImageRequest;
import dev.darkroom.backend.Outcome;
import dev.darkroom.backend.http.AnswerMemory;
import dev.darkroom.image.Pictures;
import dev.darkroom.testing.DesyncAnswer;
import dev.darkroom.testing.DesyncAnswer.Content;
import dev.darkroom.testing.KeepAliveServer;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** No answer, however broken, gives a call or a download the content of another one. */
class DesyncAnswersTest {
    private static final byte[] OWN = Pictures.png(61, 8);
    private static final byte[] NEXT = Pictures.png(62, 8);
    private static final byte[] OTHER = Pictures.png(63, 8);
    private static final Duration BUDGET = Duration.ofSeconds(30);

    private static Vertx vertx;

    @BeforeAll
    static void open() {
        vertx = Vertx.vertx();
    }

    @AfterAll
    static void close() throws Exception {
        vertx.close().await(30, TimeUnit.SECONDS);
    }

    static Stream<DesyncAnswer> calls() {
        return DesyncAnswer.all(inline(OWN), inline(OTHER));
    }

    static Stream<DesyncAnswer> downloads() {
        return DesyncAnswer.all(new Content(200, OWN), new Content(200, OTHER));
    }

    private static Content inline(byte[] picture) {
        return new Content(200, ScriptedServer.base64(picture));
    }

    @ParameterizedTest
    @MethodSource("calls")
    void callsGetTheirOwnAnswer(DesyncAnswer answer) throws Exception {
        try (KeepAliveServer server = new KeepAliveServer(List.of(answer, DesyncAnswer.plain(inline(NEXT))))) {
            check(answer, server, server);
        }
    }

    @ParameterizedTest
    @MethodSource("downloads")
    void downloadsGetTheirOwnAnswer(DesyncAnswer answer) throws Exception {
        try (KeepAliveServer files = new KeepAliveServer(List.of(answer, DesyncAnswer.plain(new Content(200, NEXT))));
                KeepAliveServer server = new KeepAliveServer(List.of(DesyncAnswer.plain(new Content(
                        200,
                        "{\"data\":[" + new JsonObject().put("url", "http://127.0.0.1:" + files.port() + "/p.png")
                                + "]}"))))) {
            check(answer, server, files);
        }
    }

    private static void check(DesyncAnswer answer, KeepAliveServer server, KeepAliveServer desynchronising)
            throws Exception {
        OpenAiImagesBackend backend = new OpenAiImagesBackend(
                vertx,
                OpenAiImagesBackendTest.settings(1 << 20, 1 << 20),
                URI.create("http://127.0.0.1:" + server.port() + "/v1"),
                new AnswerMemory(Runtime.getRuntime().maxMemory(), 4, 1 << 20),
                65_536);
        try {
            Integer first = width(backend);
            Integer next = width(backend);

            // A download that failed was tried again and may have got the next answer.
            assertThat(first)
                    .isIn(
                            answer.usable()
                                    ? List.of(61)
                                    : java.util.Arrays.asList(null, 61, server == desynchronising ? null : 62));
            assertThat(next).isEqualTo(62);
            assertThat(desynchronising.requestsByConnection()).allMatch(count -> count <= 1);
        } finally {
            backend.close().await(30, TimeUnit.SECONDS);
        }
    }

    /** The width of the picture that a call brings; null when it fails. */
    private static Integer width(OpenAiImagesBackend backend) throws Exception {
        ImageRequest request = new ImageRequest("key", "a fox", null, 64, 48, 1, 7, null);
        Outcome outcome = backend.generate(request, new Call(BUDGET)).await(60, TimeUnit.SECONDS);
        return outcome instanceof Outcome.Generated made
                ? made.pictures().get(0).width()
                : null;
    }
}
