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

/** Where our validation and the library's differ by nature, and only ours is asked: bytes, content types, size. */
class RequestBodyValidationTest {
    private static ValidationServers validationServers;
    private static int ours;

    @BeforeAll
    static void start() {
        validationServers = new ValidationServers();
        ours = validationServers.startDarkroomValidation();
    }

    @AfterAll
    static void stop() {
        validationServers.close();
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
                Arguments.of("two byte order marks", utf8("\ufeff\ufeff{\"prompt\":\"x\"}"), "# is not JSON"),
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
                Arguments.of(
                        "a field twice", utf8("{\"prompt\":\"x\",\"prompt\":\"y\"}"), "#/prompt is a duplicate field"),
                Arguments.of(
                        "a name twice",
                        utf8("{\"prompt\":\"x\",\"metadata\":{\"a b\":\"1\",\"a b\":\"2\"}}"),
                        "#/metadata/a%20b is a duplicate field"),
                Arguments.of("deep nesting", utf8("{\"metadata\":" + "[".repeat(10_000)), tooMuch()),
                Arguments.of("many values", utf8("{\"a\":[" + "1,".repeat(10_000) + "1]}"), tooMuch()),
                Arguments.of("a number without end", utf8("{\"seed\":" + "9".repeat(10_000) + "}"), tooMuch()));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("badBytes")
    void whatIsNoJsonObjectIsRefused(String name, byte[] body, String problem) {
        // when
        HttpResponse<String> byUs = validationServers.post(ours, "application/json", body);

        // then
        assertThat(byUs.statusCode()).as(byUs.body()).isEqualTo(400);
        assertThat(ValidationServers.errorsOf(byUs)).containsExactly(problem);
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
    void jsonInUtf8IsAcceptedHoweverItIsDeclared(String contentType) {
        // when
        HttpResponse<String> byUs = validationServers.post(ours, contentType, utf8("{\"prompt\":\"x\"}"));

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
    void otherContentTypesAreRefused(String contentType) {
        // when
        HttpResponse<String> byUs = validationServers.post(ours, contentType, utf8("{\"prompt\":\"x\"}"));

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
        HttpResponse<String> byUs = validationServers.post(ours, "application/json", utf8(body + "}"));

        // then
        assertThat(ValidationServers.errorsOf(byUs))
                .hasSize(20)
                .allMatch(problem -> problem.endsWith(" is not a known field"));
    }

    @Test
    void theWholeBodyMayBeAsLongAsTheLimitAndNoLonger() {
        // given
        String object = "{\"prompt\":\"x\"}";
        String limit = object + " ".repeat(ValidationServers.MAX_BODY_BYTES - object.length());

        // then
        assertThat(validationServers.post(ours, "application/json", utf8(limit)).statusCode())
                .isEqualTo(204);
        assertThat(validationServers
                        .post(ours, "application/json", utf8(limit + " "))
                        .statusCode())
                .isEqualTo(413);
    }

    private static String tooMuch() {
        return "# exceeds the limit of values, nesting depth or number length";
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
        byte[] both = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }
}
