package dev.darkroom.backend.openai;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.testing.RecordedExchanges;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@link OpenAiImagesBackend} with responses recorded from a LiteLLM proxy, whose images were replaced by a pixel. */
class LiteLlmRecordingTest extends OpenAiBackendFixture {
    private static final RecordedExchanges RECORDED = RecordedExchanges.load("litellm-1.108.7");

    private ScriptedHttpServer.Step recorded(String name) {
        return server.respondWith(
                RECORDED.status(name), RECORDED.responseObject(name).encode(), "Content-Type: application/json");
    }

    @Test
    void returnsTheImage() {
        server.script(GENERATIONS, recorded("success"));
        assertThat(generated(generate(request(1)))).hasSize(1);
    }

    @Test
    void sendsTheRequestAgainWithoutTheFieldsThatLiteLlmRejects() {
        // given
        server.script(GENERATIONS, recorded("unsupported"), recorded("success"));

        // when
        assertThat(generated(generate(request(1)))).hasSize(1);
        assertThat(generated(generate(request(1)))).hasSize(1);

        // then
        assertThat(server.requests(GENERATIONS))
                .extracting(request -> request.json().fieldNames().contains("response_format"))
                .containsExactly(true, false, false);
    }

    @ParameterizedTest
    @CsvSource({
        "empty, INVALID_RESULT, EMPTY_RESPONSE",
        "size, TERMINAL_INPUT, INVALID_REQUEST",
        "unknown model, TERMINAL_INPUT, INVALID_REQUEST",
        "no prompt, TERMINAL_INPUT, INVALID_REQUEST",
        "invalid key, TERMINAL_INPUT, INVALID_REQUEST",
        "moderation, MODERATED, MODERATED",
        "quota, TERMINAL_AUTH, QUOTA_EXHAUSTED",
        "unauthorized, TERMINAL_AUTH, UNAUTHORIZED",
        "limited, REJECTED_RETRYABLE, RATE_LIMITED",
        "cooldown, REJECTED_RETRYABLE, RATE_LIMITED",
        "failed, SERVER_ERROR, SERVER_ERROR",
        "unavailable, REJECTED_RETRYABLE, UNAVAILABLE",
        "dropped, AMBIGUOUS, CONNECTION_LOST",
        "slow, AMBIGUOUS, GATEWAY_TIMEOUT"
    })
    void classifiesTheFailure(String name, FailureClass failureClass, String code) {
        // given
        server.script(GENERATIONS, recorded(name));

        // when
        BackendFailure failure = failed(generate(request(1)));

        // then
        assertThat(failure.failureClass()).isEqualTo(failureClass);
        assertThat(failure.code()).isEqualTo(code);
    }

    @Test
    void waitsForTheEndOfACooldown() {
        server.script(GENERATIONS, recorded("cooldown"));
        assertThat(failed(generate(request(1))).retryAfter()).isEqualTo(Duration.ofSeconds(5));
    }
}
