package dev.darkroom.generation.worker;

import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.JobReference;
import dev.darkroom.eventbus.Rfc3339Timestamp;
import dev.darkroom.generation.GenerationLease;
import dev.darkroom.generation.worker.RetryDecision.Fail;
import dev.darkroom.generation.worker.RetryDecision.Retry;
import java.time.OffsetDateTime;
import org.slf4j.Logger;
import org.slf4j.spi.LoggingEventBuilder;

/** Logs an attempt without success, in the same form for the worker and the reaper. */
final class AttemptFailureLogger {
    private AttemptFailureLogger() {}

    /**
     * @param job of the attempt
     * @param retryAt due time of the next attempt, as recorded; null when there is none or it was not recorded
     */
    static void logFailure(
            Logger log,
            GenerationLease generationLease,
            JobReference job,
            BackendFailure backendFailure,
            RetryDecision decision,
            OffsetDateTime retryAt) {
        LoggingEventBuilder line = log.atWarn()
                .addKeyValue("generation", generationLease.generationId())
                .addKeyValue("attempt", generationLease.number())
                .addKeyValue("errorClass", backendFailure.failureClass())
                .addKeyValue("code", backendFailure.code())
                .addKeyValue("counted", decision.counted());
        if (job.apiKey() != null) {
            line = line.addKeyValue("apiKey", job.apiKey());
        }
        if (backendFailure.httpStatus() != null) {
            line = line.addKeyValue("httpStatus", backendFailure.httpStatus());
        }
        if (backendFailure.detail() != null) {
            line = line.addKeyValue("detail", backendFailure.detail());
        }
        if (decision instanceof Retry retry) {
            line.addKeyValue("delayMs", retry.delay().toMillis())
                    .addKeyValue("retryAt", Rfc3339Timestamp.format(retryAt))
                    .log("attempt failed, retry scheduled");
        } else if (decision instanceof Fail fail) {
            boolean exhausted = fail.error().retryable();
            line.addKeyValue("reason", fail.error().code())
                    .log(exhausted ? "attempt failed, retries exhausted" : "attempt failed permanently");
        }
    }
}
