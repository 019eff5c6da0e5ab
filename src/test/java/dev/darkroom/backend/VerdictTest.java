package dev.darkroom.backend;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VerdictTest {

    @ParameterizedTest
    @CsvSource({
        "NOT_SENT,CONNECTION_REFUSED,SICK",
        "REJECTED_RETRYABLE,UNAVAILABLE,SICK",
        "REJECTED_RETRYABLE,RATE_LIMITED,NOTHING_LEARNT",
        "SERVER_ERROR,SERVER_ERROR,SICK",
        "AMBIGUOUS,TIMED_OUT,SICK",
        "BACKEND_LOST,PICTURE_GONE,SICK",
        "TERMINAL_INPUT,INVALID_REQUEST,NOTHING_LEARNT",
        "TERMINAL_AUTH,UNAUTHORIZED,NOTHING_LEARNT",
        "MODERATED,MODERATED,WELL",
        "EMPTY_SUCCESS,EMPTY_RESPONSE,SICK",
        "RESULT_FETCH,DOWNLOAD_FAILED,WELL",
        "INTERNAL,NO_ROOM,NOTHING_LEARNT",
        "INTERNAL,OUT_OF_RESOURCES,NOTHING_LEARNT",
    })
    void failureSaysThisAboutTheServersHealth(FailureClass failureClass, String code, Verdict expected) {
        assertThat(Verdict.of(new Outcome.Failed(Failure.of(failureClass, code, ""))))
                .isEqualTo(expected);
    }

    @Test
    void picturesAreHealthAndOurOwnBreakingOffIsNoNews() {
        assertThat(Verdict.of(new Outcome.Generated(List.of()))).isEqualTo(Verdict.WELL);
        assertThat(Verdict.of(new Outcome.Aborted())).isEqualTo(Verdict.NOTHING_LEARNT);
        assertThat(Verdict.of(new Outcome.NotStarted())).isEqualTo(Verdict.NOTHING_LEARNT);
    }
}
