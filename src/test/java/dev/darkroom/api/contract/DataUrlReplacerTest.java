package dev.darkroom.api.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.darkroom.api.problem.Problem;
import io.vertx.core.buffer.Buffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DataUrlReplacerTest {
    @ParameterizedTest
    @CsvSource(
            delimiterString = " => ",
            quoteCharacter = '`',
            value = {
                "{\"a\":\"data:image/png;base64,AAAA\"} => {\"a\":\"data:,\"}",
                "[\"data:x\",\"data:y\", 1 ,\"data\"] => [\"data:,\",\"data:,\", 1 ,\"data\"]",
                "{\"a\":\"no data:x\"} => {\"a\":\"no data:x\"}",
                "{\"a\":\"\\\"data:x\"} => {\"a\":\"\\\"data:x\"}",
                "{\"a\":\"data:\\\"x\",\"b\":\"c\\\\\"} => {\"a\":\"data:,\",\"b\":\"c\\\\\"}",
                "{\"a\":\"data:x => {\"a\":\"data:,",
                "{\"a\":\"data:x\\ => {\"a\":\"data:,",
                "no json => no json",
                "{\"a\":\"dat => {\"a\":\"dat"
            })
    void copiesEverythingButDataUrls(String body, String expected) {
        assertThat(DataUrlReplacer.replace(Buffer.buffer(body)).toString()).isEqualTo(expected);
    }

    @Test
    void limitsTheBodyWithoutDataUrls() {
        // given
        String inline = "[\"data:" + "x".repeat(1 << 20) + "\"]";
        String link = "[\"http:" + "x".repeat(1 << 20) + "\"]";

        // then
        assertThat(DataUrlReplacer.replace(Buffer.buffer(inline)).toString()).isEqualTo("[\"data:,\"]");
        assertThatThrownBy(() -> DataUrlReplacer.replace(Buffer.buffer(link)))
                .isInstanceOfSatisfying(
                        Problem.class, problem -> assertThat(problem.status()).isEqualTo(413));
    }
}
