package dev.darkroom.backend.openai;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.backend.BackendCall;
import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.backend.ImageRequest;
import dev.darkroom.backend.InputImages;
import dev.darkroom.backend.http.ResponseMemoryBudget;
import dev.darkroom.image.TestImages;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Variants of servers and gateways: content codings, long response heads, unusual URLs, rejected fields. */
class OpenAiResponseVariantsTest {
    private static final String GENERATIONS = "/v1/images/generations";
    private static final byte[] PNG = TestImages.png(64, 48);
    private static final int MAX_BYTES = 1 << 20;

    private Vertx vertx;
    private ScriptedHttpServer server;
    private OpenAiImagesBackend backend;

    @BeforeEach
    void start() throws Exception {
        vertx = Vertx.vertx();
        server = ScriptedHttpServer.start(vertx);
        backend = new OpenAiImagesBackend(
                vertx,
                OpenAiBackendFixture.settings(MAX_BYTES, MAX_BYTES),
                server.base(),
                new ResponseMemoryBudget(Runtime.getRuntime().maxMemory(), 4, MAX_BYTES),
                65_536);
    }

    @AfterEach
    void stop() throws Exception {
        backend.close().await(60, TimeUnit.SECONDS);
        vertx.close().await(60, TimeUnit.SECONDS);
    }

    private interface Encoder {
        OutputStream wrap(OutputStream out) throws IOException;
    }

    private static Buffer encode(String coding, byte[] bytes) {
        Encoder encoder = switch (coding) {
            case "gzip", "x-gzip" -> GZIPOutputStream::new;
            case "deflate" -> DeflaterOutputStream::new;
            case "raw deflate" ->
                out -> new DeflaterOutputStream(out, new Deflater(Deflater.DEFAULT_COMPRESSION, true));
            default -> throw new IllegalArgumentException(coding);
        };
        ByteArrayOutputStream encoded = new ByteArrayOutputStream();
        try (OutputStream out = encoder.wrap(encoded)) {
            out.write(bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return Buffer.buffer(encoded.toByteArray());
    }

    private static String header(String coding) {
        return "Content-Encoding: " + coding.replace("raw ", "");
    }

    @ParameterizedTest
    @ValueSource(strings = {"gzip", "x-gzip", "deflate", "raw deflate"})
    void decodesResponsesAndImages(String coding) throws Exception {
        byte[] response = ScriptedHttpServer.base64(PNG).getBytes();
        server.script(
                GENERATIONS,
                server.bytes(200, encode(coding, response), header(coding)),
                server.respondWithUrls(server.url("/p.png")),
                server.bytes(
                        400,
                        encode(coding, "{\"error\":{\"code\":\"content_policy_violation\"}}".getBytes()),
                        header(coding)));
        server.script("/p.png", server.bytes(200, encode(coding, PNG), header(coding)));

        assertThat(width(generate())).isEqualTo(64);
        assertThat(width(generate())).isEqualTo(64);
        assertThat(code(generate())).isEqualTo("MODERATED");
        assertThat(server.requests("/p.png").get(0).headers()).containsEntry("accept-encoding", "identity");
    }

    @Test
    void rejectsOversizedDecodedBodies() throws Exception {
        byte[] bomb = new byte[64 << 20];
        server.script(
                GENERATIONS,
                server.bytes(200, encode("gzip", bomb), header("gzip")),
                server.respondWithUrls(server.url("/p.png")));
        server.script("/p.png", server.bytes(200, encode("gzip", bomb), header("gzip")));

        assertThat(code(generate())).isEqualTo("RESPONSE_TOO_LARGE");
        assertThat(code(generate())).isEqualTo("RESPONSE_TOO_LARGE");
    }

    @ParameterizedTest
    @CsvSource({"br, UNSUPPORTED_CONTENT_CODING", "zstd, UNSUPPORTED_CONTENT_CODING", "gzip, MALFORMED_RESPONSE"})
    void rejectsUndecodableBodies(String coding, String expectedCode) throws Exception {
        server.script(GENERATIONS, server.bytes(200, Buffer.buffer("no such coding"), header(coding)));
        assertThat(code(generate())).isEqualTo(expectedCode);
    }

    @ParameterizedTest
    @ValueSource(strings = {"utf-8", "UTF8", "none", "aws-chunked", "identity", ""})
    void ignoresNamesThatAreNoContentCodings(String name) throws Exception {
        server.script(
                GENERATIONS,
                server.respondWith(200, ScriptedHttpServer.base64(PNG), header(name)),
                server.respondWithUrls(server.url("/p.png")));
        server.script("/p.png", server.bytes(200, Buffer.buffer(PNG), header(name)));

        assertThat(width(generate())).isEqualTo(64);
        assertThat(width(generate())).isEqualTo(64);
    }

    @Test
    void decodesCodingsOfSeveralHeaderLines() throws Exception {
        Buffer once = encode("gzip", ScriptedHttpServer.base64(PNG).getBytes());
        server.script(
                GENERATIONS, server.bytes(200, encode("deflate", once.getBytes()), header("gzip"), header("deflate")));

        assertThat(width(generate())).isEqualTo(64);
    }

    @Test
    void readsLongResponseHeads() throws Exception {
        String policy = "Content-Security-Policy: " + "x".repeat(50_000);
        server.script(
                GENERATIONS,
                server.respondWith(200, ScriptedHttpServer.base64(PNG), policy),
                server.respondWith(200, ScriptedHttpServer.base64(PNG), policy + "x".repeat(20_000)));

        assertThat(width(generate())).isEqualTo(64);
        assertThat(code(generate())).isEqualTo("INVALID_HTTP");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ' ',
            quoteCharacter = '`',
            value = {
                "`/my image.png` /my%20image.png",
                "`/ComfyUI[0].png` /ComfyUI[0].png",
                "`/a|b.png` /a%7Cb.png",
                "`/q?m={1}` /q?m={1}",
                "`/100%.png` /100%.png",
                "`/p.png\n` /p.png",
                "`/a/../b.png` /b.png",
                "`/\u732b.png` /%E7%8C%AB.png",
                "`/p.png#part` /p.png"
            })
    void parsesUrlsLikeBrowsers(String url, String expectedPath) throws Exception {
        server.script(GENERATIONS, server.respondWithUrls(server.url(url)));
        server.script(expectedPath, server.bytes(200, Buffer.buffer(PNG)));
        assertThat(width(generate())).as(server.requests().toString()).isEqualTo(64);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ' ',
            quoteCharacter = '`',
            value = {
                "`?x=1` /d/r?x=1",
                "`/my image.png` /my%20image.png",
                "`other.png` /d/other.png",
                "`../up.png` /up.png",
                "`/\u00e7\u008c\u00ab.png` /%E7%8C%AB.png"
            })
    void resolvesLocationsLikeBrowsers(String location, String expectedPath) throws Exception {
        server.script(GENERATIONS, server.respondWithUrls(server.url("/d/r")));
        server.script(
                "/d/r", server.sendRaw("HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: ", location, "\r\n\r\n"));
        server.script(expectedPath, server.bytes(200, Buffer.buffer(PNG)));
        assertThat(width(generate())).as(server.requests().toString()).isEqualTo(64);
    }

    @Test
    void omitsRejectedFieldsForGood() throws Exception {
        String rejection =
                "{\"error\":{\"message\":\"Unknown parameter: 'seed'.\",\"param\":\"seed\",\"code\":\"unknown_parameter\"}}";
        server.script(
                GENERATIONS,
                server.respondWith(400, rejection),
                server.respondWithImages(PNG),
                server.respondWithImages(PNG),
                server.respondWith(400, rejection));

        assertThat(width(generate())).isEqualTo(64);
        assertThat(width(generate())).isEqualTo(64);
        assertThat(code(generate())).isEqualTo("INVALID_REQUEST");
        assertThat(server.requests(GENERATIONS))
                .extracting(received -> received.json().containsKey("seed"))
                .containsExactly(true, false, false, false);
        assertThat(server.requests(GENERATIONS))
                .extracting(received -> received.json().containsKey("response_format"))
                .containsExactly(true, false, false, false);
    }

    @ParameterizedTest
    @ValueSource(strings = {"openai/gpt-image-1", "azure/gpt-image-1", "GPT-Image-1", "chatgpt-image-latest"})
    void recognizesModelsWithProviderPrefixes(String model) {
        assertThat(OpenAiRequestFactory.optionalFields(model))
                .doesNotContainAnyElementsOf(OpenAiRequestFactory.EXTENSIONS);
    }

    @Test
    void acceptedWithoutAnImageIsTerminal() throws Exception {
        server.script(GENERATIONS, server.respondWith(202, "{\"id\":\"task-1\",\"status\":\"queued\"}"));
        BackendOutcome backendOutcome = generate();
        assertThat(code(backendOutcome)).isEqualTo("ASYNC_TASK_UNSUPPORTED");
        assertThat(((BackendOutcome.Failed) backendOutcome).backendFailure().failureClass())
                .isEqualTo(FailureClass.TERMINAL_INPUT);
    }

    private BackendOutcome generate() throws Exception {
        ImageRequest request = new ImageRequest("key", "a fox", null, 64, 48, 1, 7, null, null, InputImages.NONE, 0);
        return backend.generate(request, new BackendCall(Duration.ofSeconds(60)))
                .await(90, TimeUnit.SECONDS);
    }

    private static int width(BackendOutcome backendOutcome) {
        assertThat(backendOutcome).isInstanceOf(BackendOutcome.Generated.class);
        return ((BackendOutcome.Generated) backendOutcome).images().get(0).width();
    }

    private static String code(BackendOutcome backendOutcome) {
        assertThat(backendOutcome).isInstanceOf(BackendOutcome.Failed.class);
        return ((BackendOutcome.Failed) backendOutcome).backendFailure().code();
    }
}
