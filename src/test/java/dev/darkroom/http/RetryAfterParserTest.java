package dev.darkroom.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.MultiMap;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class RetryAfterParserTest {
    private static final Instant NOW = Instant.parse("2026-11-06T08:49:37Z");

    private final RetryAfterParser retryAfterParser = new RetryAfterParser(Clock.fixed(NOW, ZoneOffset.UTC));

    @ParameterizedTest
    @MethodSource("headers")
    void parsesTheHeader(String text, Duration expected) {
        assertThat(retryAfterParser.parse(MultiMap.caseInsensitiveMultiMap().add("Retry-After", text), null))
                .isEqualTo(expected);
    }

    static Stream<Arguments> headers() {
        return Stream.of(
                Arguments.of("0", Duration.ZERO),
                Arguments.of("2", Duration.ofSeconds(2)),
                Arguments.of(" 2 ", Duration.ofSeconds(2)),
                Arguments.of("1.5", Duration.ofMillis(1500)),
                Arguments.of("0000007", Duration.ofSeconds(7)),
                Arguments.of("86400", Duration.ofDays(1)),
                Arguments.of("9223372036854775807", RetryAfterParser.MAX_DELAY),
                Arguments.of("9".repeat(300), RetryAfterParser.MAX_DELAY),
                Arguments.of("9".repeat(5000), null),
                Arguments.of("1e999999999", null),
                Arguments.of("-1", null),
                Arguments.of("", null),
                Arguments.of("soon", null),
                Arguments.of("2s", null),
                Arguments.of("NaN", null),
                Arguments.of("Fri, 06 Nov 2026 08:50:37 GMT", Duration.ofSeconds(60)),
                Arguments.of("Fri, 06 Nov 2026 08:49:37 GMT", Duration.ZERO),
                Arguments.of("Fri, 06 Nov 2026 08:49:36 GMT", null),
                Arguments.of("Friday, 06-Nov-26 08:50:37 GMT", Duration.ofSeconds(60)),
                Arguments.of("Fri Nov  6 08:50:37 2026", Duration.ofSeconds(60)),
                Arguments.of("Fri, 32 Nov 2026 08:50:37 GMT", null),
                Arguments.of("Sat, 06 Nov 9999 08:50:37 GMT", RetryAfterParser.MAX_DELAY));
    }

    @Test
    void prefersMilliseconds() {
        // given
        MultiMap headers =
                MultiMap.caseInsensitiveMultiMap().add("Retry-After-Ms", "250").add("Retry-After", "7");

        // then
        assertThat(retryAfterParser.parse(headers, "9")).isEqualTo(Duration.ofMillis(250));
    }

    @Test
    void skipsInvalidValues() {
        // given
        MultiMap headers =
                MultiMap.caseInsensitiveMultiMap().add("retry-after-ms", "-5").add("retry-after", "soon");

        // then
        assertThat(retryAfterParser.parse(headers, "9")).isEqualTo(Duration.ofSeconds(9));
    }

    @Test
    void returnsNullWithoutAValue() {
        assertThat(retryAfterParser.parse(MultiMap.caseInsensitiveMultiMap(), null))
                .isNull();
    }
}
