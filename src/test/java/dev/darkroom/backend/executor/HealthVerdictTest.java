package dev.darkroom.backend.executor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.backend.FailureClass;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HealthVerdictTest {

    @ParameterizedTest
    @CsvSource({
        "NOT_SENT,CONNECTION_REFUSED,FAILURE",
        "REJECTED_RETRYABLE,UNAVAILABLE,FAILURE",
        "REJECTED_RETRYABLE,RATE_LIMITED,IGNORED",
        "SERVER_ERROR,SERVER_ERROR,FAILURE",
        "AMBIGUOUS,TIMED_OUT,FAILURE",
        "RESULT_LOST,IMAGE_NOT_FOUND,FAILURE",
        "TERMINAL_INPUT,INVALID_REQUEST,IGNORED",
        "TERMINAL_AUTH,UNAUTHORIZED,IGNORED",
        "MODERATED,MODERATED,SUCCESS",
        "INVALID_RESULT,EMPTY_RESPONSE,FAILURE",
        "RESULT_DOWNLOAD,DOWNLOAD_FAILED,SUCCESS",
        "INTERNAL,RESPONSE_MEMORY_EXHAUSTED,IGNORED",
        "INTERNAL,OUT_OF_RESOURCES,IGNORED",
    })
    void classifiesFailures(FailureClass failureClass, String code, HealthVerdict expected) {
        assertThat(HealthVerdict.of(new BackendOutcome.Failed(BackendFailure.of(failureClass, code, ""))))
                .isEqualTo(expected);
    }

    @Test
    void generatedImagesAreASuccessAndAbortsAreIgnored() {
        assertThat(HealthVerdict.of(new BackendOutcome.Generated(List.of()))).isEqualTo(HealthVerdict.SUCCESS);
        assertThat(HealthVerdict.of(new BackendOutcome.Aborted())).isEqualTo(HealthVerdict.IGNORED);
        assertThat(HealthVerdict.of(new BackendOutcome.NotStarted())).isEqualTo(HealthVerdict.IGNORED);
    }
}
