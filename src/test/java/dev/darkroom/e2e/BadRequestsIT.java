package dev.darkroom.e2e;

import static dev.darkroom.testing.Problems.assertProblem;
import static dev.darkroom.testing.Problems.errors;
import static dev.darkroom.testing.RawHttp.utf8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.DarkroomExtension;
import dev.darkroom.api.RequestCorpus;
import dev.darkroom.testing.ApiClient.Answer;
import dev.darkroom.testing.RawHttp;
import dev.darkroom.testing.Rows;
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

/** Whatever is wrong with a body: its problem document, nothing of how the service is made, and no row changed. */
class BadRequestsIT {
    private static final Map<String, String> JSON = Map.of("Content-Type", "application/json");

    @RegisterExtension
    static final DarkroomExtension service = DarkroomExtension.shared();

    private static List<String> rowsBefore;

    @BeforeAll
    static void start() {
        service.client().awaitEnd(service.client().create("a generation that is there"));
        rowsBefore = Rows.of(service.database());
    }

    @AfterAll
    static void noRowIsChanged() {
        assertThat(Rows.of(service.database())).isEqualTo(rowsBefore);
    }

    @AfterEach
    void nothingIsOurFault() {
        assertThat(service.darkroom().log()).noneMatch(line -> line.startsWith("ERROR") || line.contains(" ERROR "));
    }

    static List<RequestCorpus.Case> badBodies() {
        return RequestCorpus.bad();
    }

    @ParameterizedTest
    @MethodSource("badBodies")
    void everyFieldsRule(RequestCorpus.Case bad) {
        // when
        Answer answer = post(utf8(bad.body()));

        // then
        assertProblem(answer, 400, "invalid-request", "/api/generation");
        assertThat(errors(answer)).containsExactlyElementsOf(bad.problems());
    }

    static Stream<Arguments> noJsonObjects() {
        return Stream.of(
                Arguments.of("nothing", utf8(""), "# is empty; a JSON object is expected"),
                Arguments.of("half an object", utf8("{\"prompt\":"), "# is not JSON"),
                Arguments.of("two byte order marks", utf8("\ufeff\ufeff{\"prompt\":\"x\"}"), "# is not JSON"),
                Arguments.of("UTF-16", "{\"prompt\":\"x\"}".getBytes(StandardCharsets.UTF_16BE), "# is not JSON"),
                Arguments.of(
                        "latin1", "{\"prompt\":\"\u00fc\"}".getBytes(StandardCharsets.ISO_8859_1), "# is not UTF-8"),
                Arguments.of("null", utf8("null"), "# must be a JSON object"),
                Arguments.of("an array", utf8("[1]"), "# must be a JSON object"),
                Arguments.of("a number", utf8("1e9"), "# must be a JSON object"),
                Arguments.of("a string", utf8("\"prompt\""), "# must be a JSON object"),
                Arguments.of("a field twice", utf8("{\"prompt\":\"x\",\"prompt\":\"y\"}"), "#/prompt is there twice"),
                Arguments.of("10,000 levels", utf8("[".repeat(10_000) + "]".repeat(10_000)), tooMuch()),
                Arguments.of("30,000 unknown fields", utf8(unknownFields()), tooMuch()));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("noJsonObjects")
    void whatIsNoJsonObject(String name, byte[] body, String problem) {
        // when
        Answer answer = post(body);

        // then
        assertProblem(answer, 400, "invalid-request", "/api/generation");
        assertThat(errors(answer)).containsExactly(problem);
    }

    @Test
    void anUnknownModel() {
        // when
        Answer answer = post(utf8("{\"prompt\":\"x\",\"model\":\"dall-e-9\"}"));

        // then
        assertProblem(answer, 400, "invalid-request", "/api/generation");
        assertThat(errors(answer)).containsExactly("#/model is not a known model; no model may be chosen here");
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
    void aWrongContentType(String contentType) {
        // when
        Answer answer = service.client()
                .send("POST", "/api/generation", Map.of("Content-Type", contentType), utf8("{\"prompt\":\"x\"}"));

        // then
        assertProblem(answer, 415, "unsupported-media-type", "/api/generation");
    }

    @Test
    void noContentType() {
        // when
        Answer answer = service.client().send("POST", "/api/generation", Map.of(), utf8("{\"prompt\":\"x\"}"));

        // then
        assertProblem(answer, 415, "unsupported-media-type", "/api/generation");
    }

    @Test
    void aBodyThatSaysThatItIsTooLarge() {
        // when
        Answer answer = post(new byte[262_145]);

        // then
        assertProblem(answer, 413, "too-large", "/api/generation");
        assertThat(answer.json().getString("detail")).isEqualTo("The body may have at most 262144 bytes.");
    }

    @Test
    void aBodyThatTurnsOutTooLarge() {
        // given
        byte[] chunk = utf8("10000\r\n" + " ".repeat(0x10000) + "\r\n");

        // when
        Answer answer;
        try (RawHttp connection = new RawHttp(service.darkroom().api())) {
            connection.send(request(
                    "POST", "/api/generation", "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n"));
            for (int i = 0; i < 5; i++) {
                connection.send(chunk);
            }
            answer = connection.send(utf8("0\r\n\r\n")).read();
        }

        // then
        assertProblem(answer, 413, "too-large", "/api/generation");
    }

    @ParameterizedTest
    @ValueSource(strings = {"gzip, chunked", "gzip, CHUNKED", "deflate, chunked"})
    void refusesOtherTransferCodings(String codings) {
        String headers = "Content-Type: application/json\r\nTransfer-Encoding: " + codings + "\r\n";

        Answer answer;
        try (RawHttp connection = new RawHttp(service.darkroom().api())) {
            connection.send(request("POST", "/api/generation", headers));
            answer = connection
                    .send(utf8("e\r\n{\"prompt\":\"x\"}\r\n0\r\n\r\n"))
                    .read();
        }

        assertProblem(answer, 400, "invalid-request", "/api/generation");
        assertThat(answer.json().getString("detail")).isEqualTo("Transfer-Encoding: must be chunked, if anything");
    }

    @Test
    void anExpectationThatCannotBeMet() {
        // when
        Answer answer = RawHttp.exchange(
                service.darkroom().api(),
                request(
                        "POST",
                        "/api/generation",
                        "Content-Type: application/json\r\nExpect: 200-ok\r\nContent-Length: 2\r\n"));

        // then
        assertProblem(answer, 400, "invalid-request", "/api/generation");
        assertThat(errors(answer)).containsExactly("Expect must be 100-continue, if anything");
    }

    private static Answer post(byte[] body) {
        return service.client().send("POST", "/api/generation", JSON, body);
    }

    private static String unknownFields() {
        StringBuilder body = new StringBuilder("{\"prompt\":\"x\"");
        for (int i = 0; i < 30_000; i++) {
            body.append(",\"").append(Integer.toString(i, 36)).append("\":0");
        }
        return body + "}";
    }

    private static String tooMuch() {
        return "# holds more values, deeper nesting or a longer number than any request may";
    }

    private static byte[] request(String method, String path, String headers) {
        return RawHttp.request(method, path, "Authorization: " + service.user().authorization() + "\r\n" + headers);
    }
}
