package dev.darkroom.e2e;

import static dev.darkroom.testing.ProblemAssertions.assertProblem;
import static dev.darkroom.testing.ProblemAssertions.errorsOf;
import static dev.darkroom.testing.RawHttpClient.utf8Bytes;
import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.api.contract.RequestBodyCorpus;
import dev.darkroom.testing.ApiClient.ApiResponse;
import dev.darkroom.testing.DarkroomExtension;
import dev.darkroom.testing.RawHttpClient;
import dev.darkroom.testing.TableSnapshot;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Invalid request bodies: each returns its problem document, reveals no internals and changes no row. */
class InvalidRequestBodyIT {
    private static final Map<String, String> JSON = Map.of("Content-Type", "application/json");

    @RegisterExtension
    static final DarkroomExtension service = DarkroomExtension.shared();

    private static List<String> rowsBefore;

    @BeforeAll
    static void start() {
        service.client().awaitEnd(service.client().create("an existing generation"));
        rowsBefore = TableSnapshot.readAllRows(service.database());
    }

    @AfterAll
    static void noRowIsChanged() {
        assertThat(TableSnapshot.readAllRows(service.database())).isEqualTo(rowsBefore);
    }

    @AfterEach
    void noInternalErrorIsLogged() {
        assertThat(service.darkroom().log()).noneMatch(line -> line.startsWith("ERROR") || line.contains(" ERROR "));
    }

    static List<RequestBodyCorpus.Case> invalidBodies() {
        return RequestBodyCorpus.invalid();
    }

    @ParameterizedTest
    @MethodSource("invalidBodies")
    void enforcesRulesOfEveryField(RequestBodyCorpus.Case invalid) {
        // when
        ApiResponse apiResponse = post(utf8Bytes(invalid.body()));

        // then
        assertProblem(apiResponse, 400, "invalid-request", "/api/generation");
        assertThat(errorsOf(apiResponse)).containsExactlyElementsOf(invalid.problems());
    }

    static Stream<Arguments> invalidJson() {
        return Stream.of(
                Arguments.of("nothing", utf8Bytes(""), "# is empty; a JSON object is expected"),
                Arguments.of("half an object", utf8Bytes("{\"prompt\":"), "# is not JSON"),
                Arguments.of("two byte order marks", utf8Bytes("\ufeff\ufeff{\"prompt\":\"x\"}"), "# is not JSON"),
                Arguments.of("UTF-16", "{\"prompt\":\"x\"}".getBytes(StandardCharsets.UTF_16BE), "# is not JSON"),
                Arguments.of(
                        "latin1", "{\"prompt\":\"\u00fc\"}".getBytes(StandardCharsets.ISO_8859_1), "# is not UTF-8"),
                Arguments.of("null", utf8Bytes("null"), "# must be a JSON object"),
                Arguments.of("an array", utf8Bytes("[1]"), "# must be a JSON object"),
                Arguments.of("a number", utf8Bytes("1e9"), "# must be a JSON object"),
                Arguments.of("a string", utf8Bytes("\"prompt\""), "# must be a JSON object"),
                Arguments.of(
                        "a field twice",
                        utf8Bytes("{\"prompt\":\"x\",\"prompt\":\"y\"}"),
                        "#/prompt is a duplicate field"),
                Arguments.of("10,000 levels", utf8Bytes("[".repeat(10_000) + "]".repeat(10_000)), tooComplexMessage()),
                Arguments.of("30,000 unknown fields", utf8Bytes(unknownFields()), tooComplexMessage()));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("invalidJson")
    void rejectsInvalidJson(String name, byte[] body, String problem) {
        // when
        ApiResponse apiResponse = post(body);

        // then
        assertProblem(apiResponse, 400, "invalid-request", "/api/generation");
        assertThat(errorsOf(apiResponse)).containsExactly(problem);
    }

    @Test
    void rejectsUnknownModel() {
        // when
        ApiResponse apiResponse = post(utf8Bytes("{\"prompt\":\"x\",\"model\":\"dall-e-9\"}"));

        // then
        assertProblem(apiResponse, 400, "invalid-request", "/api/generation");
        assertThat(errorsOf(apiResponse)).containsExactly("#/model is not a known model; no model may be chosen here");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "text/plain",
                "application/json; charset=latin1",
                "application/x-www-form-urlencoded",
                "multipart/form-data",
                "rubbish"
            })
    void rejectsWrongContentType(String contentType) {
        // when
        ApiResponse apiResponse = service.client()
                .send("POST", "/api/generation", Map.of("Content-Type", contentType), utf8Bytes("{\"prompt\":\"x\"}"));

        // then
        assertProblem(apiResponse, 415, "unsupported-media-type", "/api/generation");
    }

    @Test
    void rejectsMissingContentType() {
        // when
        ApiResponse apiResponse =
                service.client().send("POST", "/api/generation", Map.of(), utf8Bytes("{\"prompt\":\"x\"}"));

        // then
        assertProblem(apiResponse, 415, "unsupported-media-type", "/api/generation");
    }

    @Test
    void rejectsBodyDeclaredTooLarge() {
        // when
        ApiResponse apiResponse = post(new byte[1_048_577]);

        // then
        assertProblem(apiResponse, 413, "request-too-large", "/api/generation");
        assertThat(apiResponse.json().getString("detail")).isEqualTo("The body may have at most 1048576 bytes.");
    }

    @Test
    void rejectsChunkedBodyThatGrowsTooLarge() {
        // given
        byte[] chunk = utf8Bytes("10000\r\n" + " ".repeat(0x10000) + "\r\n");

        // when
        ApiResponse apiResponse;
        try (RawHttpClient connection = new RawHttpClient(service.darkroom().api())) {
            connection.send(request(
                    "POST", "/api/generation", "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n"));
            for (int i = 0; i < 17; i++) {
                connection.send(chunk);
            }
            apiResponse = connection.send(utf8Bytes("0\r\n\r\n")).readResponse();
        }

        // then
        assertProblem(apiResponse, 413, "request-too-large", "/api/generation");
    }

    @ParameterizedTest
    @ValueSource(strings = {"gzip, chunked", "gzip, CHUNKED", "deflate, chunked"})
    void rejectsOtherTransferCodings(String codings) {
        String headers = "Content-Type: application/json\r\nTransfer-Encoding: " + codings + "\r\n";

        ApiResponse apiResponse;
        try (RawHttpClient connection = new RawHttpClient(service.darkroom().api())) {
            connection.send(request("POST", "/api/generation", headers));
            apiResponse = connection
                    .send(utf8Bytes("e\r\n{\"prompt\":\"x\"}\r\n0\r\n\r\n"))
                    .readResponse();
        }

        assertProblem(apiResponse, 400, "invalid-request", "/api/generation");
        assertThat(apiResponse.json().getString("detail")).isEqualTo("Transfer-Encoding: must be chunked");
    }

    @Test
    void rejectsUnknownExpectation() {
        // when
        ApiResponse apiResponse = RawHttpClient.sendAndRead(
                service.darkroom().api(),
                request(
                        "POST",
                        "/api/generation",
                        "Content-Type: application/json\r\nExpect: 200-ok\r\nContent-Length: 2\r\n"));

        // then
        assertProblem(apiResponse, 400, "invalid-request", "/api/generation");
        assertThat(errorsOf(apiResponse)).containsExactly("Expect must be 100-continue");
    }

    private static ApiResponse post(byte[] body) {
        return service.client().send("POST", "/api/generation", JSON, body);
    }

    private static String unknownFields() {
        StringBuilder body = new StringBuilder("{\"prompt\":\"x\"");
        for (int i = 0; i < 30_000; i++) {
            body.append(",\"").append(Integer.toString(i, 36)).append("\":0");
        }
        return body + "}";
    }

    private static String tooComplexMessage() {
        return "# exceeds the limit of values, nesting depth or number length";
    }

    private static byte[] request(String method, String path, String headers) {
        return RawHttpClient.requestHead(
                method, path, "Authorization: " + service.user().authorization() + "\r\n" + headers);
    }
}
