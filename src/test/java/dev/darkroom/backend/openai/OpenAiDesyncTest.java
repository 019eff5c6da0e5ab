package dev.darkroom.backend.openai;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.backend.BackendCall;
import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.backend.ImageRequest;
import dev.darkroom.backend.InputImages;
import dev.darkroom.backend.http.ResponseMemoryBudget;
import dev.darkroom.image.TestImages;
import dev.darkroom.testing.DesyncResponse;
import dev.darkroom.testing.DesyncResponse.ResponseContent;
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

/** A malformed response never gives a call or a download the content of another one. */
class OpenAiDesyncTest {
    private static final byte[] OWN = TestImages.png(61, 8);
    private static final byte[] NEXT = TestImages.png(62, 8);
    private static final byte[] OTHER = TestImages.png(63, 8);
    private static final Duration TIMEOUT = Duration.ofSeconds(30);

    private static Vertx vertx;

    @BeforeAll
    static void open() {
        vertx = Vertx.vertx();
    }

    @AfterAll
    static void close() throws Exception {
        vertx.close().await(60, TimeUnit.SECONDS);
    }

    static Stream<DesyncResponse> calls() {
        return DesyncResponse.all(inline(OWN), inline(OTHER));
    }

    static Stream<DesyncResponse> downloads() {
        return DesyncResponse.all(new ResponseContent(200, OWN), new ResponseContent(200, OTHER));
    }

    private static ResponseContent inline(byte[] image) {
        return new ResponseContent(200, ScriptedHttpServer.base64(image));
    }

    @ParameterizedTest
    @MethodSource("calls")
    void callsGetTheirOwnResponse(DesyncResponse response) throws Exception {
        try (KeepAliveServer server = new KeepAliveServer(List.of(response, DesyncResponse.plain(inline(NEXT))))) {
            check(response, server, server);
        }
    }

    @ParameterizedTest
    @MethodSource("downloads")
    void downloadsGetTheirOwnResponse(DesyncResponse response) throws Exception {
        try (KeepAliveServer files =
                        new KeepAliveServer(List.of(response, DesyncResponse.plain(new ResponseContent(200, NEXT))));
                KeepAliveServer server = new KeepAliveServer(List.of(DesyncResponse.plain(new ResponseContent(
                        200,
                        "{\"data\":[" + new JsonObject().put("url", "http://127.0.0.1:" + files.port() + "/p.png")
                                + "]}"))))) {
            check(response, server, files);
        }
    }

    private static void check(DesyncResponse response, KeepAliveServer server, KeepAliveServer malformed)
            throws Exception {
        OpenAiImagesBackend backend = new OpenAiImagesBackend(
                vertx,
                OpenAiBackendFixture.settings(1 << 20, 1 << 20),
                URI.create("http://127.0.0.1:" + server.port() + "/v1"),
                new ResponseMemoryBudget(Runtime.getRuntime().maxMemory(), 4, 1 << 20),
                65_536);
        try {
            Integer first = width(backend);
            Integer next = width(backend);

            // A failed download was retried and may have received the next response.
            assertThat(first)
                    .isIn(
                            response.readable()
                                    ? List.of(61)
                                    : java.util.Arrays.asList(null, 61, server == malformed ? null : 62));
            assertThat(next).isEqualTo(62);
            assertThat(malformed.requestsByConnection()).allMatch(count -> count <= 1);
        } finally {
            backend.close().await(60, TimeUnit.SECONDS);
        }
    }

    /** Returns the width of the generated image; null when the call fails. */
    private static Integer width(OpenAiImagesBackend backend) throws Exception {
        ImageRequest request = new ImageRequest("key", "a fox", null, 64, 48, 1, 7, null, null, InputImages.NONE, 0);
        BackendOutcome backendOutcome =
                backend.generate(request, new BackendCall(TIMEOUT)).await(60, TimeUnit.SECONDS);
        return backendOutcome instanceof BackendOutcome.Generated generated
                ? generated.images().get(0).width()
                : null;
    }
}
