package dev.darkroom.generation;

import dev.darkroom.backend.Failure;
import dev.darkroom.generation.RetryDecision.Fail;
import dev.darkroom.generation.RetryDecision.Retry;
import java.time.OffsetDateTime;
import org.slf4j.Logger;
import org.slf4j.spi.LoggingEventBuilder;

/** The line about an attempt without success, the same wherever it is noticed. */
final class AttemptLog {
    private AttemptLog() {}

    /** @param retryAt when the next attempt is due, as it was recorded; null when none is, or none was recorded */
    static void failed(Logger log, Lease lease, Failure failure, RetryDecision decision, OffsetDateTime retryAt) {
        LoggingEventBuilder line = log.atWarn()
                .addKeyValue("generation", lease.generationId())
                .addKeyValue("attempt", lease.number())
                .addKeyValue("errorClass", failure.failureClass())
                .addKeyValue("code", failure.code())
                .addKeyValue("counted", decision.counted());
        if (failure.httpStatus() != null) {
            line = line.addKeyValue("httpStatus", failure.httpStatus());
        }
        if (failure.detail() != null) {
            line = line.addKeyValue("detail", failure.detail());
        }
        if (decision instanceof Retry retry) {
            line.addKeyValue("delayMs", retry.delay().toMillis())
                    .addKeyValue("retryAt", GenerationJson.time(retryAt))
                    .log("attempt failed, will retry");
        } else if (decision instanceof Fail fail) {
            boolean exhausted = fail.reason().retryable();
            line.addKeyValue("reason", fail.reason().code())
                    .log(exhausted ? "attempt failed, retries exhausted" : "attempt failed for good");
        }
    }
}
