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
import java.util.HashSet;
import java.util.List;
import java.util.Set;
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
    /** Reports without a reply. */
    private final Set<Future<?>> openReports = new HashSet<>();

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

    /**
     * Waits for the replies to all reports, so that they are stored before the process stops. Never fails. A failed report is not
     * repeated after the verticle was undeployed: the deregistration of the node then stores the interruption.
     */
    public Future<Void> awaitReports() {
        return Future.join(List.copyOf(openReports)).otherwiseEmpty().mapEmpty();
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
                // Without this report, the request seems to be connected until the process ends, so no retry attaches.
                report(true);
            }
        }

        /**
         * The connection broke before the complete response, or the response will ask for a retry. The generation goes on.
         *
         * @return completes when this is stored, or when the first of several attempts failed. Never fails
         */
        Future<Void> interrupted() {
            return attachable ? reportInterruption(WaitingRequest.RETRY_WINDOW) : Future.succeededFuture();
        }

        /** @param remaining time in which a failed report is repeated */
        private Future<Void> reportInterruption(Duration remaining) {
            return report(false)
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
                    })
                    .otherwiseEmpty()
                    .mapEmpty();
        }

        private Future<?> report(boolean answered) {
            Future<?> report = generations.endWaiting(operationContext, request.connectionId(), answered);
            openReports.add(report);
            return report.onComplete(replied -> openReports.remove(report));
        }
    }
}
