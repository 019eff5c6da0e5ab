package dev.darkroom.api.contract;

import static java.nio.charset.StandardCharsets.UTF_16LE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonObject;
import java.net.http.HttpResponse;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Validation beyond the scope of the OpenAPI library: bytes, content types, size. */
class RequestBodyValidationTest {
    private static ValidationServers validationServers;
    private static int port;

    @BeforeAll
    static void start() {
        validationServers = new ValidationServers();
        port = validationServers.startDarkroomValidation();
    }

    @AfterAll
    static void stop() {
        validationServers.close();
    }

    /** Bytes that RFC 8259 forbids. The library accepts some: it detects encodings and uses the last of two values. */
    static Stream<Arguments> invalidBytes() {
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
                Arguments.of("two byte order marks", utf8("\ufeff\ufeff{\"prompt\":\"x\"}"), "# is not JSON"),
                Arguments.of("half a surrogate pair as a name", utf8("{\"\\ud800\":1}"), "# is not JSON"),
                Arguments.of("UTF-16", "{\"prompt\":\"x\"}".getBytes(UTF_16LE), "# is not JSON"),
                Arguments.of("a stray byte", concat(prompt, new byte[] {(byte) 0xff}), "# is not UTF-8"),
                Arguments.of("a surrogate in UTF-8", utf8Of(0xed, 0xa0, 0x80), "# is not UTF-8"),
                Arguments.of("an overlong NUL", utf8Of(0xc0, 0x80), "# is not UTF-8"),
                Arguments.of("a character cut off", utf8Of(0xf0, 0x9f), "# is not UTF-8"),
                Arguments.of(
                        "a stray byte after a replacement character", utf8Of(0xef, 0xbf, 0xbd, 0xff), "# is not UTF-8"),
                Arguments.of("null", utf8("null"), "# must be a JSON object"),
                Arguments.of("an array", utf8("[{\"prompt\":\"x\"}]"), "# must be a JSON object"),
                Arguments.of("a number", utf8("42"), "# must be a JSON object"),
                Arguments.of("a string", utf8("\"x\""), "# must be a JSON object"),
                Arguments.of("true", utf8("true"), "# must be a JSON object"),
                Arguments.of(
                        "a field twice", utf8("{\"prompt\":\"x\",\"prompt\":\"y\"}"), "#/prompt is a duplicate field"),
                Arguments.of(
                        "a name twice",
                        utf8("{\"prompt\":\"x\",\"metadata\":{\"a b\":\"1\",\"a b\":\"2\"}}"),
                        "#/metadata/a%20b is a duplicate field"),
                Arguments.of("deep nesting", utf8("{\"metadata\":" + "[".repeat(10_000)), limitExceeded()),
                Arguments.of("many values", utf8("{\"a\":[" + "1,".repeat(10_000) + "1]}"), limitExceeded()),
                Arguments.of("a number without end", utf8("{\"seed\":" + "9".repeat(10_000) + "}"), limitExceeded()));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("invalidBytes")
    void rejectsBodyThatIsNotAJsonObject(String name, byte[] body, String problem) {
        // when
        HttpResponse<String> response = validationServers.post(port, "application/json", body);

        // then
        assertThat(response.statusCode()).as(response.body()).isEqualTo(400);
        assertThat(ValidationServers.errorsOf(response)).containsExactly(problem);
    }

    /** Media types that RFC 9110 allows. The library compares literally with a closed list. */
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
    void acceptsEveryContentTypeOfJsonInUtf8(String contentType) {
        // when
        HttpResponse<String> response = validationServers.post(port, contentType, utf8("{\"prompt\":\"x\"}"));

        // then
        assertThat(response.statusCode()).as(response.body()).isEqualTo(204);
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
    void rejectsOtherContentTypes(String contentType) {
        // when
        HttpResponse<String> response = validationServers.post(port, contentType, utf8("{\"prompt\":\"x\"}"));

        // then
        assertThat(response.statusCode()).as(response.body()).isEqualTo(415);
        assertThat(new JsonObject(response.body()).getString("detail"))
                .isEqualTo("The body must be application/json in UTF-8.");
    }

    @Test
    void limitsTheNumberOfErrors() {
        // given
        StringBuilder body = new StringBuilder("{\"prompt\":\"x\"");
        for (int i = 0; i < 400; i++) {
            body.append(",\"a").append(i).append("\":0");
        }

        // when
        HttpResponse<String> response = validationServers.post(port, "application/json", utf8(body + "}"));

        // then
        assertThat(ValidationServers.errorsOf(response))
                .hasSize(20)
                .allMatch(problem -> problem.endsWith(" is not a known field"));
    }

    @Test
    void limitsTheSizeOfTheBody() {
        // given
        String object = "{\"prompt\":\"x\"}";
        String limit = object + " ".repeat(ValidationServers.MAX_BODY_BYTES - object.length());

        // then
        assertThat(validationServers.post(port, "application/json", utf8(limit)).statusCode())
                .isEqualTo(204);
        assertThat(validationServers
                        .post(port, "application/json", utf8(limit + " "))
                        .statusCode())
                .isEqualTo(413);
    }

    private static String limitExceeded() {
        return "# exceeds the limit of values, nesting depth or number length";
    }

    private static byte[] utf8(String text) {
        return text.getBytes(UTF_8);
    }

    private static byte[] utf8Of(int... bytes) {
        byte[] content = new byte[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            content[i] = (byte) bytes[i];
        }
        return concat(utf8("{\"prompt\":\""), concat(content, utf8("\"}")));
    }

    private static byte[] concat(byte[] first, byte[] second) {
        byte[] both = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }
}
