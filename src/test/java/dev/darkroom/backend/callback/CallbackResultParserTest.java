package dev.darkroom.backend.callback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.darkroom.backend.FailureClass;
import dev.darkroom.backend.http.BackendCallException;
import dev.darkroom.backend.http.ImageSource;
import dev.darkroom.image.ChunkedBytes;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class CallbackResultParserTest {
    private static final ImageSource INLINE = new ImageSource.Inline(ChunkedBytes.of(new byte[] {1, 2, 3, 4}));
    private static final ImageSource LINK = new ImageSource.Link("https://images/two.png");

    private final CallbackResultParser parser = new CallbackResultParser(1 << 20);

    @Test
    void readsImagesInOrder() {
        // given
        String body = "{\"images\":[\"data:image/png;base64,AQIDBA==\",\"https://images/two.png\",\"http://three\"],"
                + "\"id\":\"x\",\"status\":\"succeeded\"}";

        // then
        CallbackResultParser.CallbackResult result = parser.parse(bytes(body), 2);
        assertThat(result.images()).containsExactly(INLINE, LINK);
        assertThat(result.error()).isNull();
    }

    @Test
    void readsTheErrorOfAFailure() {
        // given
        String body = "{\"error\":{\"code\":\"c\",\"retryable\":false},\"status\":\"failed\"}";

        // then
        assertThat(parser.parse(bytes(body), 1).error())
                .isEqualTo(new JsonObject().put("code", "c").put("retryable", false));
    }

    @ParameterizedTest
    @MethodSource("invalidBodies")
    void rejectsInvalidReports(String body, String expectedCode) {
        assertThatThrownBy(() -> parser.parse(bytes(body), 2)).isInstanceOfSatisfying(BackendCallException.class, e -> {
            assertThat(e.failure().code()).isEqualTo(expectedCode);
            assertThat(e.failure().failureClass()).isEqualTo(FailureClass.INVALID_RESULT);
        });
    }

    static Stream<Arguments> invalidBodies() {
        return Stream.of(
                Arguments.of("", "MALFORMED_RESPONSE"),
                Arguments.of("[]", "MALFORMED_RESPONSE"),
                Arguments.of("{\"status\":\"succeeded\",\"images\":[\"http://x\"", "MALFORMED_RESPONSE"),
                Arguments.of("{\"status\":\"succeeded\",\"images\":[\"data:,AQID\",\"http://x\"]}", "INVALID_IMAGE"),
                Arguments.of("{\"status\":\"succeeded\",\"images\":[\"http://x\"]}", "TOO_FEW_IMAGES"),
                Arguments.of("{\"status\":\"succeeded\",\"images\":[]}", "EMPTY_RESPONSE"));
    }

    private static ChunkedBytes bytes(String text) {
        return ChunkedBytes.of(text.getBytes(StandardCharsets.UTF_8));
    }
}
