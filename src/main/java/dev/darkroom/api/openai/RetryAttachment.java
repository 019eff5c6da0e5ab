package dev.darkroom.api.openai;

import dev.darkroom.api.contract.IdempotencyKeyHeader;
import dev.darkroom.api.contract.OperationContext;
import dev.darkroom.api.generation.GenerationClient;
import dev.darkroom.api.problem.Problem;
import dev.darkroom.auth.ClientAddressKey;
import dev.darkroom.config.Settings;
import dev.darkroom.generation.GenerationResult.CreatedGeneration;
import dev.darkroom.generation.waiting.WaitingRequest;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.UUID;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Attaches the retry of a call to the generation of the call whose connection broke, instead of creating a second one. Confined to the
 * event loop of one verticle.
 */
public final class RetryAttachment {
    private static final Logger LOG = LoggerFactory.getLogger(RetryAttachment.class);

    /** Header of the SDKs of OpenAI with the number of requests that they have sent before for a call. */
    private static final String RETRY_COUNT = "X-Stainless-Retry-Count";

    private static final Pattern NUMBER = Pattern.compile("[0-9]{1,9}");
    private static final Duration REPORT_INTERVAL = Duration.ofSeconds(1);

    private final Vertx vertx;
    private final GenerationClient generations;
    private final UUID processId;
    private final Duration maxSearchTime;

    /** @param processId of this process, as in the table of nodes */
    public RetryAttachment(Vertx vertx, GenerationClient generations, UUID processId, Settings.Node nodeSettings) {
        this.vertx = vertx;
        this.generations = generations;
        this.processId = processId;
        this.maxSearchTime = WaitingRequest.maxSearchTime(nodeSettings);
    }

    /**
     * Starts a call.
     *
     * @param bodyDigest equal for equal calls
     */
    Call begin(OperationContext operationContext, String bodyDigest) {
        WaitingRequest request = new WaitingRequest(
                UUID.randomUUID(),
                processId,
                parseRetryCount(operationContext.parameter(RETRY_COUNT)),
                ClientAddressKey.of(operationContext.request().remoteAddress()),
                bodyDigest);
        return new Call(operationContext, request);
    }

    private static int parseRetryCount(String header) {
        return header == null || !NUMBER.matcher(header).matches() ? 0 : Integer.parseInt(header);
    }

    /** One call. After a successful {@link #createOrAttach}, exactly one of the other methods is called, once. */
    final class Call {
        private final OperationContext operationContext;
        private final WaitingRequest request;
        /** Whether the request has no key. With a key, a retry repeats the key. */
        private final boolean attachable;

        private Call(OperationContext operationContext, WaitingRequest request) {
            this.operationContext = operationContext;
            this.request = request;
            this.attachable = operationContext.parameter(IdempotencyKeyHeader.NAME) == null;
        }

        /**
         * Returns the generation of the call.
         *
         * @param creation creates one for this request
         */
        Future<CreatedGeneration> createOrAttach(Function<WaitingRequest, Future<CreatedGeneration>> creation) {
            Future<CreatedGeneration> found = attachable && request.isRetry()
                    ? generations.attach(operationContext, request, maxSearchTime)
                    : Future.succeededFuture();
            return found.compose(
                            attached -> attached == null ? creation.apply(request) : Future.succeededFuture(attached))
                    .onFailure(failure -> {
                        if (failure instanceof Problem problem && problem.type() == Problem.Type.UNAVAILABLE) {
                            // The generation may exist in spite of the error.
                            interrupted();
                        }
                    });
        }

        /** The operating system has taken the complete response, and no retry is expected. */
        void answered() {
            if (attachable) {
                // Without this report, the request seems to be connected, so no retry attaches either.
                generations.endWaiting(operationContext, request.connectionId(), true);
            }
        }

        /** The connection broke before the complete response, or the response asks for a retry. The generation goes on. */
        void interrupted() {
            if (attachable) {
                reportInterruption(WaitingRequest.RETRY_WINDOW);
            }
        }

        /** @param remaining time in which a failed report is repeated */
        private void reportInterruption(Duration remaining) {
            generations
                    .endWaiting(operationContext, request.connectionId(), false)
                    .onFailure(failure -> {
                        if (remaining.compareTo(REPORT_INTERVAL) > 0) {
                            vertx.setTimer(
                                    REPORT_INTERVAL.toMillis(),
                                    elapsed -> reportInterruption(remaining.minus(REPORT_INTERVAL)));
                        } else {
                            LOG.atWarn()
                                    .addKeyValue("requestId", operationContext.requestId())
                                    .addKeyValue("reason", failure.getMessage())
                                    .log("disconnection not stored, retries create a generation");
                        }
                    });
        }
    }
}
