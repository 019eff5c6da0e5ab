package dev.darkroom.backend.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.darkroom.backend.FailureClass;
import dev.darkroom.backend.http.BackendCallException;
import dev.darkroom.backend.http.ImageSource;
import dev.darkroom.image.ChunkedBytes;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class OpenAiResponseParserTest {
    private static final ImageSource INLINE = new ImageSource.Inline(ChunkedBytes.of(new byte[] {1, 2, 3, 4}));
    private static final ImageSource LINK = new ImageSource.Link("https://images/two.png");

    private final OpenAiResponseParser parser = new OpenAiResponseParser(32 << 20);

    @ParameterizedTest
    @MethodSource("validBodies")
    void parsesImages(String body, int count, List<ImageSource> expected) {
        assertThat(parser.parse(bytes(body), count).images()).isEqualTo(expected);
    }

    static Stream<Arguments> validBodies() {
        return Stream.of(
                Arguments.of("{\"created\":1,\"data\":[{\"b64_json\":\"AQIDBA==\"}]}", 1, List.of(INLINE)),
                Arguments.of("{\"data\":[{\"b64_json\":\"AQIDBA\"}]}", 1, List.of(INLINE)),
                Arguments.of("{\"data\":[{\"b64_json\":\"AQID\\nBA==\"}]}", 1, List.of(INLINE)),
                Arguments.of("{\"data\":[{\"b64_json\":\"data:image/png;base64,AQIDBA==\"}]}", 1, List.of(INLINE)),
                Arguments.of("{\"data\":[{\"url\":\"data:image/png;base64,AQIDBA==\"}]}", 1, List.of(INLINE)),
                Arguments.of("{\"data\":[{\"url\":\"https://images/two.png\"}]}", 1, List.of(LINK)),
                Arguments.of(
                        "{\"data\":[{\"revised_prompt\":\"x\",\"b64_json\":\"AQIDBA==\",\"url\":null},"
                                + "{\"b64_json\":null,\"url\":\"https://images/two.png\",\"more\":{\"a\":[1]}}],"
                                + "\"usage\":{\"total\":[1,2]}}",
                        2,
                        List.of(INLINE, LINK)),
                Arguments.of("{\"data\":[{\"b64_json\":\"AQIDBA==\"},{\"url\":\"https://x/y\"}]}", 1, List.of(INLINE)),
                Arguments.of("{\"data\":[{\"b64_json\":\"\",\"url\":\"https://images/two.png\"}]}", 1, List.of(LINK)),
                Arguments.of("{\"data\":[{\"url\":\"https://images/two.png\",\"b64_json\":\"  \"}]}", 1, List.of(LINK)),
                Arguments.of("{\"data\":[{\"url\":\"\",\"b64_json\":\"AQIDBA==\"}]}", 1, List.of(INLINE)),
                Arguments.of("{\"data\":[{\"b64_json\":\"AQIDBA==\",\"task_id\":\"t\"}]}", 1, List.of(INLINE)),
                Arguments.of("{\"error\":null,\"data\":[{\"b64_json\":\"AQIDBA==\"}]}", 1, List.of(INLINE)),
                Arguments.of("\ufeff{\"data\":[{\"b64_json\":\"data:;base64,AQIDBA==\"}]}", 1, List.of(INLINE)));
    }

    @Test
    void readsUsage() {
        // given the body of the API reference of OpenAI
        String body = "{\"created\":1713833628,\"data\":[{\"b64_json\":\"AQIDBA==\"}],\"usage\":{\"total_tokens\":100,"
                + "\"input_tokens\":50,\"output_tokens\":50,\"input_tokens_details\":{\"text_tokens\":10,\"image_tokens\":40},"
                + "\"other\":[1]}}";

        // then
        assertThat(parser.parse(bytes(body), 1).usage())
                .isEqualTo(Map.of(
                        "total_tokens",
                        BigDecimal.valueOf(100),
                        "input_tokens",
                        BigDecimal.valueOf(50),
                        "output_tokens",
                        BigDecimal.valueOf(50),
                        "input_tokens_details.text_tokens",
                        BigDecimal.valueOf(10),
                        "input_tokens_details.image_tokens",
                        BigDecimal.valueOf(40)));
    }

    @ParameterizedTest
    @MethodSource("invalidBodies")
    void rejectsInvalidBodies(String body, String expectedCode) {
        assertThatThrownBy(() -> parser.parse(bytes(body), 2)).isInstanceOfSatisfying(BackendCallException.class, e -> {
            assertThat(e.failure().code()).isEqualTo(expectedCode);
            assertThat(e.failure().failureClass()).isEqualTo(FailureClass.INVALID_RESULT);
        });
    }

    static Stream<Arguments> invalidBodies() {
        return Stream.of(
                Arguments.of("", "MALFORMED_RESPONSE"),
                Arguments.of("null", "MALFORMED_RESPONSE"),
                Arguments.of("[]", "MALFORMED_RESPONSE"),
                Arguments.of("<html></html>", "MALFORMED_RESPONSE"),
                Arguments.of("{\"data\":[{\"b64_json\":\"AQID", "MALFORMED_RESPONSE"),
                Arguments.of("{\"data\":[{\"b64_json\":\"AQIDBA==\"}", "MALFORMED_RESPONSE"),
                Arguments.of("{\"data\":[" + "[".repeat(500), "MALFORMED_RESPONSE"),
                // Texts that are not streamed are limited, so that no response needs more memory than its size.
                Arguments.of("{\"data\":[" + "1,".repeat(20_000) + "1]}", "MALFORMED_RESPONSE"),
                Arguments.of("{\"" + "x".repeat(2_000) + "\":1}", "MALFORMED_RESPONSE"),
                Arguments.of("{\"data\":[{\"url\":\"http://x/" + "x".repeat(100_000) + "\"}]}", "MALFORMED_RESPONSE"),
                Arguments.of("{}", "EMPTY_RESPONSE"),
                Arguments.of("{\"data\":[{\"url\":\"\",\"b64_json\":\"\"}]}", "EMPTY_RESPONSE"),
                Arguments.of("{\"data\":[{\"url\":\" \"}]}", "EMPTY_RESPONSE"),
                Arguments.of("{\"data\":[{\"task_id\":null}]}", "EMPTY_RESPONSE"),
                Arguments.of("{\"data\":null}", "EMPTY_RESPONSE"),
                Arguments.of("{\"data\":[]}", "EMPTY_RESPONSE"),
                Arguments.of("{\"data\":{}}", "EMPTY_RESPONSE"),
                Arguments.of("{\"data\":[null,{},{\"b64_json\":null}]}", "EMPTY_RESPONSE"),
                Arguments.of("{\"data\":[{\"b64_json\":\"AQIDBA==\"}]}", "TOO_FEW_IMAGES"),
                Arguments.of("{\"data\":[{\"b64_json\":\"AQIDBA==\"},{\"b64_json\":7}]}", "TOO_FEW_IMAGES"),
                Arguments.of("{\"data\":[{\"b64_json\":\"***\"}]}", "INVALID_IMAGE"),
                Arguments.of("{\"data\":[{\"url\":\"data:image/png,hello\"}]}", "INVALID_IMAGE"),
                Arguments.of("{\"data\":[{\"b64_json\":\"data:image/png;base64,***\"}]}", "INVALID_IMAGE"));
    }

    /** A retry would start a second task. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"data\":[{\"task_id\":\"t-1\"}]}",
                "{\"task_id\":\"t-1\",\"status\":\"queued\"}",
                "{\"data\":[{\"jobId\":17}]}"
            })
    void taskResponseIsTerminal(String body) {
        assertThatThrownBy(() -> parser.parse(bytes(body), 1)).isInstanceOfSatisfying(BackendCallException.class, e -> {
            assertThat(e.failure().code()).isEqualTo("ASYNC_TASK_UNSUPPORTED");
            assertThat(e.failure().failureClass()).isEqualTo(FailureClass.TERMINAL_INPUT);
        });
    }

    @Test
    void errorObjectThrowsErrorInResponse() {
        for (String body : List.of(
                "{\"error\":{\"message\":\"m\"}}",
                "{\"data\":[],\"error\":{\"message\":\"m\"}}",
                "{\"data\":[{\"error\":{\"message\":\"m\"}}]}",
                "{\"data\":[{\"b64_json\":\"\",\"error\":{\"message\":\"m\"}}]}")) {
            assertThatThrownBy(() -> parser.parse(bytes(body), 1))
                    .isInstanceOfSatisfying(
                            ErrorInResponseException.class,
                            e -> assertThat(e.error()).hasToString("{\"error\":{\"message\":\"m\"}}"));
        }
    }

    @Test
    void parsesAnImageBeyondTheDefaultLimitOfTheJsonParser() {
        // given
        byte[] bytes = new byte[24 << 20];
        new Random(1).nextBytes(bytes);
        String base64 = Base64.getEncoder().encodeToString(bytes);

        // when
        List<ImageSource> images = parser.parse(bytes("{\"data\":[{\"b64_json\":\"" + base64 + "\"}]}"), 1)
                .images();

        // then
        assertThat(((ImageSource.Inline) images.get(0)).bytes().toBytes()).isEqualTo(bytes);
    }

    /** At every offset in the body, since the parser releases the bytes read. */
    @ParameterizedTest
    @ValueSource(ints = {0, 60_000, 65_536 - 35, 65_536 - 30, 65_536 - 20, 65_536, 131_072 - 30, 200_000})
    void parsesALargeDataUrl(int before) {
        // given
        byte[] bytes = new byte[1_000_000];
        new Random(1).nextBytes(bytes);
        String entry = "{\"b64_json\":\"data:image/png;base64,"
                + Base64.getEncoder().encodeToString(bytes).replace("/", "\\/") + "\"}";
        String body = "{\"more\":\"" + "x".repeat(before) + "\",\"data\":[" + entry + "," + entry + "]}";

        // when
        List<ImageSource> images = parser.parse(bytes(body), 2).images();

        // then
        assertThat(images)
                .hasSize(2)
                .allSatisfy(
                        image -> assertThat(((ImageSource.Inline) image).bytes().toBytes())
                                .isEqualTo(bytes));
    }

    @Test
    void stopsDecodingAnOversizedImage() {
        // given
        OpenAiResponseParser small = new OpenAiResponseParser(3);

        // then
        for (String text : List.of("AQIDBA==", "data:;base64,AQIDBA==")) {
            assertThatThrownBy(() -> small.parse(bytes("{\"data\":[{\"b64_json\":\"" + text + "\"}]}"), 1))
                    .isInstanceOfSatisfying(
                            BackendCallException.class,
                            e -> assertThat(e.failure().code()).isEqualTo("RESPONSE_TOO_LARGE"));
        }
    }

    private static ChunkedBytes bytes(String body) {
        return ChunkedBytes.of(body.getBytes(StandardCharsets.UTF_8));
    }
}
