package dev.darkroom.backend.automatic1111;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.darkroom.backend.FailureClass;
import dev.darkroom.backend.http.BackendCallException;
import dev.darkroom.image.ChunkedBytes;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class TxtToImageResponseParserTest {
    private static final ChunkedBytes ONE = ChunkedBytes.of(new byte[] {1, 2, 3, 4});
    private static final ChunkedBytes TWO = ChunkedBytes.of(new byte[] {5, 6, 7, 8});
    private static final String ONE_TEXT = "\"AQIDBA==\"";
    private static final String TWO_TEXT = "\"BQYHCA==\"";

    private final TxtToImageResponseParser parser = new TxtToImageResponseParser(1 << 20);

    @ParameterizedTest
    @MethodSource("validBodies")
    void decodesTheFirstImages(String body, int count, List<ChunkedBytes> expected) {
        assertThat(parser.parse(bytes(body), count)).isEqualTo(expected);
    }

    static Stream<Arguments> validBodies() {
        String longInfo = "x\\\"".repeat(100_000);
        return Stream.of(
                // AUTOMATIC1111, Forge, SD.Next
                Arguments.of(
                        "{\"images\":[" + ONE_TEXT + "],\"parameters\":{\"prompt\":\"a\",\"styles\":[]},"
                                + "\"info\":\"{\\\"seed\\\": 1}\"}",
                        1,
                        List.of(ONE)),
                Arguments.of("{\"images\":[" + ONE_TEXT + "," + TWO_TEXT + "]}", 2, List.of(ONE, TWO)),
                // KoboldCpp
                Arguments.of("{\"images\":[" + ONE_TEXT + "],\"parameters\":{},\"info\":\"\"}", 1, List.of(ONE)),
                // stable-diffusion.cpp writes its fields in alphabetical order.
                Arguments.of(
                        "{\"images\":[" + ONE_TEXT + "],\"info\":\"{}\",\"parameters\":{\"images\":[1]}}",
                        1,
                        List.of(ONE)),
                Arguments.of("{\"info\":\"\",\"images\":[" + ONE_TEXT + "]}", 1, List.of(ONE)),
                // Extensions append images.
                Arguments.of("{\"images\":[" + ONE_TEXT + "," + TWO_TEXT + "]}", 1, List.of(ONE)),
                Arguments.of("{\"images\":[" + ONE_TEXT + ",\"no base64\"]}", 1, List.of(ONE)),
                // Not sent by a known server.
                Arguments.of("{\"images\":[\"data:image/png;base64,AQIDBA==\"]}", 1, List.of(ONE)),
                Arguments.of("{\"images\":[null,\"\"," + ONE_TEXT + "]}", 1, List.of(ONE)),
                Arguments.of("{\"images\":[" + ONE_TEXT + "],\"info\":\"" + longInfo + "\"}", 1, List.of(ONE)));
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
                Arguments.of("[]", "MALFORMED_RESPONSE"),
                Arguments.of("<html></html>", "MALFORMED_RESPONSE"),
                Arguments.of("{\"images\":[" + ONE_TEXT, "MALFORMED_RESPONSE"),
                Arguments.of("{\"images\":[" + ONE_TEXT + "," + TWO_TEXT + "]", "MALFORMED_RESPONSE"),
                Arguments.of("{\"images\":[\"AQID", "MALFORMED_RESPONSE"),
                Arguments.of("{}", "EMPTY_RESPONSE"),
                Arguments.of("{\"images\":null,\"info\":\"\"}", "EMPTY_RESPONSE"),
                Arguments.of("{\"images\":[],\"info\":\"\"}", "EMPTY_RESPONSE"),
                Arguments.of("{\"images\":[{}]}", "EMPTY_RESPONSE"),
                Arguments.of("{\"images\":[" + ONE_TEXT + "]}", "TOO_FEW_IMAGES"),
                Arguments.of("{\"images\":[\"http://127.0.0.1/x.png\",\"\"]}", "INVALID_IMAGE"));
    }

    private static ChunkedBytes bytes(String text) {
        return ChunkedBytes.of(text.getBytes(StandardCharsets.UTF_8));
    }
}
