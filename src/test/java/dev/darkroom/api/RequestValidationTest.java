package dev.darkroom.api;

import static java.nio.charset.StandardCharsets.UTF_16LE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.openapi.validation.RequestValidator;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The same requests for our validation on the event loop and for the library's own on its worker pool: both read one
 * contract, so both have to judge alike. Ours says besides what is wrong, in whole sentences.
 */
class RequestValidationTest {
    private static final int MAX_BODY_BYTES = 262_144;
    private static final String ID = "019a8c1e-7f3a-7c55-9d0b-3f1a2b4c5d6e";
    private static final HttpClient HTTP =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    private static Vertx vertx;
    private static int ours;
    private static int stock;

    @BeforeAll
    static void start() throws Exception {
        vertx = Vertx.vertx();
        Contract contract = await(ContractLoader.api(vertx));
        List<OperationHandler> handlers = contract.operationIds().stream()
                .map(RequestValidationTest::accepting)
                .toList();
        ours = listen(vertx.createHttpServer()
                .requestHandler(ContractRouter.create(vertx, contract, handlers, MAX_BODY_BYTES)));
        RequestValidator validator = RequestValidator.create(vertx, contract.parsed());
        stock = listen(vertx.createHttpServer()
                .requestHandler(request -> validator
                        .validate(request)
                        .onSuccess(
                                valid -> request.response().setStatusCode(204).end())
                        .onFailure(wrong ->
                                request.response().setStatusCode(400).end(String.valueOf(wrong.getMessage())))));
    }

    @AfterAll
    static void stop() throws Exception {
        await(vertx.close());
    }

    static List<RequestCorpus.Case> good() {
        return RequestCorpus.good();
    }

    static List<RequestCorpus.Case> bad() {
        return RequestCorpus.bad();
    }

    @ParameterizedTest
    @MethodSource("good")
    void bothAccept(RequestCorpus.Case request) {
        // when
        HttpResponse<String> byUs =
                post(ours, "application/json", request.body().getBytes(UTF_8));
        HttpResponse<String> byLibrary =
                post(stock, "application/json", request.body().getBytes(UTF_8));

        // then
        assertThat(byUs.statusCode()).as(byUs.body()).isEqualTo(204);
        assertThat(byLibrary.statusCode()).as(byLibrary.body()).isEqualTo(204);
    }

    @ParameterizedTest
    @MethodSource("bad")
    void bothRefuseAndWeSayWhy(RequestCorpus.Case request) {
        // when
        HttpResponse<String> byUs =
                post(ours, "application/json", request.body().getBytes(UTF_8));
        HttpResponse<String> byLibrary =
                post(stock, "application/json", request.body().getBytes(UTF_8));

        // then
        assertThat(byLibrary.statusCode()).as(byLibrary.body()).isEqualTo(400);
        assertThat(byUs.statusCode()).as(byUs.body()).isEqualTo(400);
        assertThat(problems(byUs)).containsExactlyElementsOf(request.problems());
        assertThat(new JsonObject(byUs.body()).getString("detail")).isEqualTo(detail(request.problems()));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/api/generation/" + ID,
                "/api/generation/019A8C1E-7F3A-7C55-9D0B-3F1A2B4C5D6E",
                "/api/generation/00000000-0000-0000-0000-000000000000",
                "/images/" + ID + ".png",
                "/images/" + ID + ".jpg",
                "/images/" + ID + ".webp",
            })
    void bothAcceptThePath(String path) {
        // then
        assertThat(get(ours, path).statusCode()).isEqualTo(204);
        assertThat(get(stock, path).statusCode()).isEqualTo(204);
    }

    static Stream<Arguments> badPaths() {
        Stream<String> noIds = Stream.of(
                "42",
                "x",
                "%20",
                "%00",
                "null",
                "%7B" + ID + "%7D",
                "urn:uuid:" + ID,
                ID.substring(1),
                ID + "0",
                ID + "%20",
                ID + "%0A",
                ID.replace("-", ""),
                ID.replace('e', 'g'),
                ID + "%2F..",
                "%E2%80%8B" + ID);
        Stream<String> noImages = Stream.of(
                ID,
                ID + ".",
                ID + ".gif",
                ID + ".PNG",
                ID + ".jpeg",
                ID + ".png.png",
                "." + ID + ".png",
                ID.toUpperCase(java.util.Locale.ROOT) + ".png",
                "x.png",
                "%2e%2e%2f" + ID + ".png",
                ID + ".png%00",
                ID + ".png%0A",
                ID + ".png%20");
        return Stream.concat(
                noIds.map(id -> Arguments.of("/api/generation/" + id, "generationId must be a UUID")),
                noImages.map(name -> Arguments.of(
                        "/images/" + name,
                        "imageName must be the name of a picture: its id and the extension of its type")));
    }

    @ParameterizedTest
    @MethodSource("badPaths")
    void bothRefuseThePathAndWeSayWhy(String path, String problem) {
        // when
        HttpResponse<String> byUs = get(ours, path);
        HttpResponse<String> byLibrary = get(stock, path);

        // then
        assertThat(byLibrary.statusCode()).as(byLibrary.body()).isEqualTo(400);
        assertThat(byUs.statusCode()).as(byUs.body()).isEqualTo(400);
        assertThat(problems(byUs)).containsExactly(problem);
    }

    /** The library parses bytes leniently, guesses encodings and lets the last of two values win; we go by RFC 8259. */
    static Stream<Arguments> badBytes() {
        byte[] prompt = "{\"prompt\":\"x\"}".getBytes(UTF_8);
        return Stream.of(
                Arguments.of("nothing", new byte[0], "# is empty; a JSON object is expected"),
                Arguments.of("white space", utf8(" \n"), "# is not JSON"),
                Arguments.of("no JSON", utf8("prompt=x"), "# is not JSON"),
                Arguments.of("half an object", utf8("{\"prompt\":\"x\""), "# is not JSON"),
                Arguments.of("more after the object", utf8("{\"prompt\":\"x\"} {}"), "# is not JSON"),
                Arguments.of("a comma too many", utf8("{\"prompt\":\"x\",}"), "# is not JSON"),
                Arguments.of("single quotes", utf8("{'prompt':'x'}"), "# is not JSON"),
                Arguments.of("a comment", utf8("/* x */{\"prompt\":\"x\"}"), "# is not JSON"),
                Arguments.of("NaN", utf8("{\"prompt\":\"x\",\"width\":NaN}"), "# is not JSON"),
                Arguments.of("a number with a leading zero", utf8("{\"prompt\":\"x\",\"seed\":01}"), "# is not JSON"),
                Arguments.of("a raw control character", utf8("{\"prompt\":\"a\nb\"}"), "# is not JSON"),
                Arguments.of("a byte order mark", utf8("\ufeff{\"prompt\":\"x\"}"), "# is not JSON"),
                Arguments.of("half a surrogate pair as a name", utf8("{\"\\ud800\":1}"), "# is not JSON"),
                Arguments.of("UTF-16", "{\"prompt\":\"x\"}".getBytes(UTF_16LE), "# is not JSON"),
                Arguments.of("a stray byte", concat(prompt, new byte[] {(byte) 0xff}), "# is not UTF-8"),
                Arguments.of("a surrogate in UTF-8", utf8Of(0xed, 0xa0, 0x80), "# is not UTF-8"),
                Arguments.of("an overlong NUL", utf8Of(0xc0, 0x80), "# is not UTF-8"),
                Arguments.of("a character cut off", utf8Of(0xf0, 0x9f), "# is not UTF-8"),
                Arguments.of("null", utf8("null"), "# must be a JSON object"),
                Arguments.of("an array", utf8("[{\"prompt\":\"x\"}]"), "# must be a JSON object"),
                Arguments.of("a number", utf8("42"), "# must be a JSON object"),
                Arguments.of("a string", utf8("\"x\""), "# must be a JSON object"),
                Arguments.of("true", utf8("true"), "# must be a JSON object"),
                Arguments.of("a field twice", utf8("{\"prompt\":\"x\",\"prompt\":\"y\"}"), "#/prompt is there twice"),
                Arguments.of(
                        "a name twice",
                        utf8("{\"prompt\":\"x\",\"metadata\":{\"a b\":\"1\",\"a b\":\"2\"}}"),
                        "#/metadata/a%20b is there twice"),
                Arguments.of("deep nesting", utf8("{\"metadata\":" + "[".repeat(10_000)), tooMuch()),
                Arguments.of("many values", utf8("{\"a\":[" + "1,".repeat(10_000) + "1]}"), tooMuch()),
                Arguments.of("a number without end", utf8("{\"seed\":" + "9".repeat(10_000) + "}"), tooMuch()));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("badBytes")
    void weAloneRefuseWhatIsNoJsonObject(String name, byte[] body, String problem) {
        // when
        HttpResponse<String> byUs = post(ours, "application/json", body);

        // then
        assertThat(byUs.statusCode()).as(byUs.body()).isEqualTo(400);
        assertThat(problems(byUs)).containsExactly(problem);
    }

    /** The library knows only the media types of its list, letter by letter; RFC 9110 is wider. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "application/json",
                "Application/JSON",
                "application/json; charset=utf-8",
                "application/json;charset=UTF-8",
                "application/json ; charset=\"utf-8\"",
                "application/json; CHARSET=Utf-8",
                "application/json; version=1; charset=utf-8",
                "application/json;",
            })
    void weAloneJudgeContentTypesAndAcceptJsonInUtf8(String contentType) {
        // when
        HttpResponse<String> byUs = post(ours, contentType, utf8("{\"prompt\":\"x\"}"));

        // then
        assertThat(byUs.statusCode()).as(byUs.body()).isEqualTo(204);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "text/plain",
                "application/json; charset=latin1",
                "application/json; charset=utf-16",
                "application/json; charset",
                "application/json; charset=",
                "application/json; charset=utf-8; charset=latin1",
                "application/problem+json",
                "application/jsonx",
                "application/json/x",
                "application/json, text/plain",
                "application/x-www-form-urlencoded",
                "multipart/form-data",
                "multipart/form-data; boundary=x",
                "*/*",
                "application",
                "/",
                ";;",
                "",
            })
    void weAloneJudgeContentTypesAndRefuseOthers(String contentType) {
        // when
        HttpResponse<String> byUs = post(ours, contentType, utf8("{\"prompt\":\"x\"}"));

        // then
        assertThat(byUs.statusCode()).as(byUs.body()).isEqualTo(415);
        assertThat(new JsonObject(byUs.body()).getString("detail"))
                .isEqualTo("The body must be application/json in UTF-8.");
    }

    @Test
    void aThousandThingsWrongAreNotAllTold() {
        // given
        StringBuilder body = new StringBuilder("{\"prompt\":\"x\"");
        for (int i = 0; i < 400; i++) {
            body.append(",\"a").append(i).append("\":0");
        }

        // when
        HttpResponse<String> byUs = post(ours, "application/json", utf8(body + "}"));

        // then
        assertThat(problems(byUs)).hasSize(20).allMatch(problem -> problem.endsWith(" is not a known field"));
    }

    @Test
    void theWholeBodyMayBeAsLongAsTheLimitAndNoLonger() {
        // given
        String object = "{\"prompt\":\"x\"}";
        String limit = object + " ".repeat(MAX_BODY_BYTES - object.length());

        // then
        assertThat(post(ours, "application/json", utf8(limit)).statusCode()).isEqualTo(204);
        assertThat(post(ours, "application/json", utf8(limit + " ")).statusCode())
                .isEqualTo(413);
    }

    private static String tooMuch() {
        return "# holds more values, deeper nesting or a longer number than any request may";
    }

    private static byte[] utf8(String text) {
        return text.getBytes(UTF_8);
    }

    private static byte[] utf8Of(int... bytes) {
        byte[] rubbish = new byte[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            rubbish[i] = (byte) bytes[i];
        }
        return concat(utf8("{\"prompt\":\""), concat(rubbish, utf8("\"}")));
    }

    private static byte[] concat(byte[] first, byte[] second) {
        byte[] both = java.util.Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }

    private static List<String> problems(HttpResponse<String> answer) {
        JsonArray errors = new JsonObject(answer.body()).getJsonArray("errors");
        return errors.stream()
                .map(JsonObject.class::cast)
                .map(error -> error.getString("pointer") + " " + error.getString("detail"))
                .toList();
    }

    /** The first problem as a sentence for people, and how many more there are. */
    private static String detail(List<String> problems) {
        String first = problems.get(0).replaceFirst("^#/(\\S*) ", "$1: ");
        return problems.size() == 1 ? first : first + " (and " + (problems.size() - 1) + " more)";
    }

    private static HttpResponse<String> post(int port, String contentType, byte[] body) {
        return send(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/api/generation"))
                .header("Content-Type", contentType)
                .POST(BodyPublishers.ofByteArray(body))
                .build());
    }

    private static HttpResponse<String> get(int port, String path) {
        return send(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .build());
    }

    private static HttpResponse<String> send(HttpRequest request) {
        try {
            return HTTP.send(request, BodyHandlers.ofString());
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private static OperationHandler accepting(String operationId) {
        return new OperationHandler() {
            @Override
            public String operationId() {
                return operationId;
            }

            @Override
            public void handle(Exchange exchange) {
                exchange.response().setStatusCode(204).end();
            }
        };
    }

    private static int listen(HttpServer server) throws Exception {
        return await(server.listen(0, "127.0.0.1")).actualPort();
    }

    private static <T> T await(Future<T> future) throws Exception {
        return future.toCompletionStage().toCompletableFuture().get(20, TimeUnit.SECONDS);
    }
}
