package dev.darkroom.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.Secret;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

class LogTextRedactorTest {
    private final LogTextRedactor logTextRedactor = new LogTextRedactor(() -> List.of(new Secret("hunter2-hunter2")));

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "bad size 512x512|bad size 512x512",
                "key hunter2-hunter2 is wrong|key <redacted> is wrong",
                "Authorization: Bearer abc.DEF_123|Authorization: Bearer <redacted>",
                "Incorrect API key provided: sk-proj-abcdef123456.|Incorrect API key provided: <redacted>.",
                "see https://me:secret@host/path|see https://host/path",
                "at https://blob/x.png?sig=abc&se=1 now|at https://blob/x.png?<redacted> now",
                "at https:\\/\\/me:pass@blob\\/x.png?sig=abc now|at https:\\/\\/blob\\/x.png?<redacted> now",
                "GET /bucket/x.png?X-Amz-Signature=abc%2F HTTP/1.1|GET /bucket/x.png?<redacted> HTTP/1.1",
                "really? no|really? no",
                "post to http://me/api/callbacks/0b1f.17.1.mac-0_9, failed|post to http://me/api/callbacks/<redacted>, failed",
                "Authorization: Key 0b1f:c2d3e4f5a6b7|Authorization: <redacted>",
                "{\"x-key\": \"c2d3e4f5a6b7\"}|{\"x-key\": \"<redacted>\"}",
                "api_key: required|api_key: required",
            })
    void redactsSecrets(String text, String expected) {
        assertThat(logTextRedactor.redact(text)).isEqualTo(expected);
    }

    @Test
    void controlCharactersBecomeOneSpace() {
        assertThat(logTextRedactor.redact("a\r\n\u0000\u001b[31mb\u2028c\u202ed"))
                .isEqualTo("a [31mb c d");
    }

    @Test
    void truncatesBetweenCharacters() {
        // when
        String redacted = logTextRedactor.redact("x".repeat(299) + "\ud83d\ude00" + "y".repeat(100_000));

        // then
        assertThat(redacted).isEqualTo("x".repeat(299));
    }

    @Test
    void redactsASecretAtTheCut() {
        assertThat(logTextRedactor.redact("x".repeat(295) + " hunter2-hunter2")).doesNotContain("hun");
    }

    @ParameterizedTest
    @NullSource
    @ValueSource(strings = {"", " ", "\n\t"})
    void returnsNullForBlankText(String text) {
        assertThat(logTextRedactor.redact(text)).isNull();
    }
}
