package dev.darkroom.api.body;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.api.body.Form.Field;
import dev.darkroom.api.body.FormFiles.StoredFile;
import dev.darkroom.api.body.FormReader.FormLimits;
import dev.darkroom.api.problem.Problem;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.commons.codec.digest.DigestUtils;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Forms over real connections: what clients send, and what attackers send. */
class FormReaderTest {
    private static final int MAX_FILE_BYTES = 300_000;
    private static final int MAX_TEXT_BYTES = 100_000;
    private static final Map<String, Field> FIELDS =
            Map.of("image", new Field(true, 3, true), "mask", new Field(true, 1, false));
    private static final Duration TIMEOUT = Duration.ofSeconds(60);

    private final Set<UUID> stored = ConcurrentHashMap.newKeySet();
    private final Map<UUID, Buffer> contents = Collections.synchronizedMap(new LinkedHashMap<>());
    private final AtomicInteger storing = new AtomicInteger();
    private final AtomicInteger maxStoring = new AtomicInteger();
    private volatile String result;
    private volatile boolean rejectFiles;
    private volatile Promise<Void> gate;
    private final Vertx vertx = Vertx.vertx();
    private HttpServer server;

    private final FormFiles files = new FormFiles() {
        @Override
        public Future<StoredFile> store(String field, String mediaType, Buffer content) {
            maxStoring.accumulateAndGet(storing.incrementAndGet(), Math::max);
            Future<Void> open = gate == null ? vertx.timer(1).mapEmpty() : gate.future();
            return open.compose(ready -> {
                storing.decrementAndGet();
                if (rejectFiles) {
                    return Future.failedFuture(Problem.invalid("#/" + field, "is no image"));
                }
                UUID id = UUID.randomUUID();
                stored.add(id);
                contents.put(id, content.copy());
                return Future.succeededFuture(new StoredFile(id, DigestUtils.sha256Hex(content.getBytes())));
            });
        }

        @Override
        public void discard(StoredFile file) {
            stored.remove(file.id());
        }
    };

    @BeforeEach
    void start() throws Exception {
        server = vertx.createHttpServer()
                .requestHandler(request -> {
                    Future<Form> form;
                    try {
                        form = FormReader.read(
                                vertx,
                                request,
                                new FormLimits(
                                        MAX_TEXT_BYTES, new RequestBodyLimits(MAX_FILE_BYTES, Duration.ofSeconds(30))),
                                FIELDS,
                                files);
                    } catch (Problem problem) {
                        form = Future.failedFuture(problem);
                    }
                    form.onComplete(read -> {
                        result = read.succeeded()
                                ? read.result().values().encode()
                                : read.cause().getMessage();
                        if (!request.response().closed()) {
                            request.response()
                                    .setStatusCode(read.succeeded() ? 200 : 400)
                                    .end(result);
                        }
                    });
                })
                .listen(0, "127.0.0.1")
                .await(60, TimeUnit.SECONDS);
    }

    @AfterEach
    void stop() throws Exception {
        vertx.close().await(60, TimeUnit.SECONDS);
    }

    private Socket connect(String contentType, int length) throws IOException {
        Socket socket = new Socket("127.0.0.1", server.actualPort());
        socket.setSoTimeout((int) TIMEOUT.toMillis());
        socket.getOutputStream()
                .write(bytes("POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: " + contentType
                        + "\r\nContent-Length: " + length + "\r\n\r\n"));
        return socket;
    }

    /** Returns the body of the response. */
    private String send(String contentType, byte[] body) {
        try (Socket socket = connect(contentType, body.length)) {
            socket.getOutputStream().write(body);
            String response = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return response.substring(response.indexOf("\r\n\r\n") + 4);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String send(String body) {
        return send("multipart/form-data; boundary=b", bytes(body));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String part(String disposition, String content) {
        return "--b\r\nContent-Disposition: form-data; " + disposition + "\r\n\r\n" + content + "\r\n";
    }

    private static String file(String name, String content) {
        return "--b\r\nContent-Disposition: form-data; name=\"" + name
                + "\"; filename=\"a.png\"\r\nContent-Type: image/png\r\n\r\n" + content + "\r\n";
    }

    private static String hash(String content) {
        return DigestUtils.sha256Hex(content);
    }

    private void assertNothingStored() {
        Awaitility.await().atMost(TIMEOUT).untilAsserted(() -> {
            assertThat(storing).hasValue(0);
            assertThat(stored).isEmpty();
        });
    }

    @Test
    void readsTextsAndFilesInAnyOrder() {
        String content = "line\r\n--not the boundary\r\n".repeat(9_000);
        JsonObject values = new JsonObject(send(file("mask", "m") + part("name=\"prompt\"", "a \uD83D\uDDFC")
                + file("image", content) + file("image[]", "2") + part("name=n", "2") + "--b--\r\n"));
        assertThat(values)
                .isEqualTo(new JsonObject()
                        .put("prompt", "a \uD83D\uDDFC")
                        .put("n", "2")
                        .put("mask", hash("m"))
                        .put("image", new JsonArray().add(hash(content)).add(hash("2"))));
        assertThat(contents.values().stream().map(Buffer::toString)).containsExactly("m", content, "2");
        assertThat(stored).hasSize(3);
        assertThat(maxStoring).hasValue(1);
    }

    @Test
    void readsFilesWithoutANameAndOtherCharsets() {
        String body = part("name=\"image\"", "x")
                + "--b\r\ncontent-disposition: form-data; name=\"prompt\"\r\ncontent-type: text/plain; charset=iso-8859-1\r\n\r\n";
        byte[] latin = (body + "caf\u00e9\r\n--b--").getBytes(StandardCharsets.ISO_8859_1);
        assertThat(send("Multipart/Form-Data; charset=utf-8; boundary=\"b\"", latin))
                .isEqualTo("{\"prompt\":\"caf\u00e9\",\"image\":[\"" + hash("x") + "\"]}");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "multipart/form-data",
                "multipart/form-data; boundary=",
                "multipart/form-data; boundary=\"\"",
                "multipart/form-data; boundary=\u00e4",
                "multipart/form-data; xboundary=b",
                "multipart/form-data; boundary=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            })
    void rejectsMissingOrInvalidBoundaries(String contentType) {
        assertThat(send(contentType, bytes("--b--"))).contains("multipart/form-data with a boundary");
    }

    @Test
    void rejectsTruncatedBodies() {
        String whole = part("name=\"prompt\"", "x") + file("image", "123456") + "--b--";
        for (String end : List.of("--b--", "-", "--", "123456\r\n--b--", "image/png\r\n\r\n123456\r\n--b--")) {
            assertThat(send(whole.substring(0, whole.length() - end.length()))).contains("is not complete");
        }
        assertThat(send("")).contains("is not complete");
        assertNothingStored();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--c\r\n\r\n",
                "--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--",
                "--b\r\nContent-Disposition: form-data; name=\"\"\r\n\r\nx\r\n--b--",
                "--b\r\nContent-Disposition: attachment; name=\"a\"\r\n\r\nx\r\n--b--",
                "--b\r\nContent-Type: text/plain\r\n\r\nx\r\n--b--",
                "--b\r\n\r\nx\r\n--b--",
                "--b\r\nContent-Disposition: form-data; name=\"mask\"; filename=\"a\"\r\nContent-Transfer-Encoding: base64\r\n\r\nx\r\n--b--",
                "--b\r\nContent-Disposition: form-data; name=\"a\"\r\nContent-Type: text/plain; charset=no-such\r\n\r\nx\r\n--b--",
                "--b\r\nContent-Disposition: form-data; name=\"a\"\r\nContent-Type: multipart/mixed\r\n\r\nx\r\n--b--",
                "--b\r\nContent-Disposition: form-data; name=\"image\"\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--d\r\n\r\n--b--",
            })
    void rejectsMalformedParts(String body) {
        assertThat(send(body)).contains("is not ");
        assertNothingStored();
    }

    @Test
    void rejectsTooManyParts() {
        assertThat(send(part("name=\"a\"", "x").repeat(1_000) + "--b--")).contains("more than once");
        StringBuilder parts = new StringBuilder();
        for (int i = 0; i < 1_000; i++) {
            parts.append(part("name=\"a" + i + "\"", "x"));
        }
        assertThat(send(parts + "--b--")).contains("not well-formed");
        String nested =
                "--b\r\nContent-Disposition: form-data; name=\"a\"\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c--\r\n";
        assertThat(send(nested.repeat(1_000) + "--b--")).isNotEmpty();
        assertNothingStored();
    }

    @Test
    void rejectsHugeHeadsAndNames() {
        String filler = "x".repeat(40_000);
        assertThat(send("--b\r\nX-Filler: " + filler + "\r\n\r\nx\r\n--b--")).contains("not well-formed");
        assertThat(send("--b\r\n" + "X-Filler: x\r\n".repeat(3_000) + "\r\n\r\nx\r\n--b--"))
                .contains("not well-formed");
        assertThat(send(filler + "\r\n--b--")).contains("not well-formed");
        assertThat(send("--b--" + "\r\n" + filler)).contains("not well-formed");
    }

    @Test
    void rejectsTooLargeFilesAndTexts() {
        assertThat(send(file("mask", "x".repeat(MAX_FILE_BYTES + 1)) + "--b--"))
                .contains("The file of 'mask' may have at most " + MAX_FILE_BYTES + " bytes.");
        assertThat(send(part("name=\"prompt\"", "x".repeat(MAX_TEXT_BYTES + 1)) + "--b--"))
                .contains("at most 100000 bytes");
        assertThat(send(part("name=\"a\"", "x".repeat(60_000)) + part("name=\"c\"", "x".repeat(60_000)) + "--b--"))
                .contains("at most 100000 bytes");
        assertThat(send(file("image", "1") + file("image[]", "2") + file("image[]", "3") + file("image", "4")
                        + "--b--"))
                .contains("at most 3 files");
        assertThat(send(file("mask", "") + "--b--")).contains("must not be an empty file");
        assertThat(send(file("other", "x") + "--b--")).contains("must not be a file");
        assertThat(send(
                        "multipart/form-data; boundary=b",
                        (part("name=\"prompt\"", "caf\u00e9") + "--b--").getBytes(StandardCharsets.ISO_8859_1)))
                .contains("is not UTF-8");
        assertNothingStored();
    }

    @Test
    void deletesFilesWhenALaterOneIsRejected() {
        assertThat(send(file("image", "1") + file("mask", "") + "--b--")).contains("empty file");
        assertNothingStored();
        rejectFiles = true;
        assertThat(send(file("image", "1") + file("image", "2") + "--b--")).contains("image: is no image");
        assertNothingStored();
    }

    @Test
    void deletesFilesOfClientsThatDisconnect() throws IOException {
        // given a file that is being stored
        gate = Promise.promise();
        String body = file("image", "1") + file("image", "2");
        try (Socket socket = connect("multipart/form-data; boundary=b", body.length() + 100)) {
            socket.getOutputStream().write(bytes(body));
            Awaitility.await()
                    .atMost(TIMEOUT)
                    .untilAsserted(() -> assertThat(storing).hasValue(1));
        }

        // when
        Awaitility.await().atMost(TIMEOUT).until(() -> result != null);
        gate.complete();

        // then
        assertNothingStored();
    }
}
