package dev.darkroom.backend.callback;

import dev.darkroom.auth.CallbackTokens;
import dev.darkroom.backend.BackendCall;
import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.backend.ImageRequest;
import dev.darkroom.backend.JobReference;
import dev.darkroom.backend.RequestLimits;
import dev.darkroom.backend.callback.CallbackJobStore.JobStatus;
import dev.darkroom.backend.callback.CallbackResultParser.CallbackResult;
import dev.darkroom.backend.http.BackendCallException;
import dev.darkroom.backend.http.BackendCallScope;
import dev.darkroom.backend.http.BackendHttpClient;
import dev.darkroom.backend.http.HttpImageBackend;
import dev.darkroom.backend.http.PromptSanitizer;
import dev.darkroom.backend.http.ResponseMemoryBudget;
import dev.darkroom.config.BackendSettings;
import dev.darkroom.config.BackendSettings.RequestField;
import dev.darkroom.database.Database;
import dev.darkroom.database.NotifyChannel;
import dev.darkroom.http.HttpCallException;
import dev.darkroom.http.OutboundResponse;
import dev.darkroom.http.RequestTarget;
import dev.darkroom.image.ChunkedBytes;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.Json;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Client of a server or function that accepts a job at once and later posts its result to a signed URL of Darkroom. Any node receives
 * the report and stores it in a table; the table is also the look-up. Stores the job before it submits. Thread-safe; each call stays on
 * the context of its caller. Protocol: {@code docs/backends/callback.md}.
 */
public final class CallbackBackend extends HttpImageBackend {
    private static final Logger LOG = LoggerFactory.getLogger(CallbackBackend.class);
    private static final int PROTOCOL_VERSION = 1;
    private static final int MAX_PROVIDER_ID_LENGTH = 200;

    /** Tokens outlive the deadline by this time, so that the clock of the database alone decides about the deadline. */
    private static final Duration CLOCK_TOLERANCE = Duration.ofMinutes(1);

    private static final String CALLBACK_PATH = "/api/callbacks/";

    private final RequestTarget endpoint;
    private final CallbackJobStore store;
    private final CallbackInbox inbox;
    private final CallbackTokens tokens;
    private final Supplier<String> publicUrl;
    private final CallbackResultParser resultParser;

    /**
     * Services of the process.
     *
     * @param publicUrl returns the URL of the API as the AI server reaches it, without a trailing slash
     */
    public record CallbackServices(
            Database database, NotifyChannel notifyChannel, CallbackTokens tokens, Supplier<String> publicUrl) {}

    /** A submission: the URL for its result, and the time until which a result is accepted. */
    private record CallbackTarget(String url, Instant deadline) {}

    /**
     * @param url URL of the AI server, to which requests are posted
     * @param memoryBudget shared by all backends of the process
     * @param maxHeaderBytes maximum size of the response head in bytes
     */
    public CallbackBackend(
            Vertx vertx,
            BackendSettings settings,
            URI url,
            ResponseMemoryBudget memoryBudget,
            int maxHeaderBytes,
            CallbackServices services) {
        super(
                settings,
                new BackendHttpClient(
                        vertx, settings, url, memoryBudget, maxHeaderBytes, BackendHttpClient::bearerToken));
        this.endpoint = http.target("");
        this.store = new CallbackJobStore(services.database());
        this.inbox = new CallbackInbox(vertx, store, services.notifyChannel());
        this.tokens = services.tokens();
        this.publicUrl = services.publicUrl();
        this.resultParser = new CallbackResultParser(settings.maxImageBytes());
    }

    @Override
    public RequestLimits limits(String model) {
        return RequestLimits.ofFields(
                true, settings.sends(RequestField.SEED), settings.sends(RequestField.NEGATIVE_PROMPT));
    }

    @Override
    public Future<BackendOutcome> generate(ImageRequest request, BackendCall backendCall) {
        return http.run(
                request.key(),
                backendCall,
                scope -> openJob(scope, request, backendCall)
                        .compose(target -> submit(scope, request, backendCall, target)));
    }

    /** Stores the job, so that a report is accepted from the moment of the submission. */
    private Future<CallbackTarget> openJob(BackendCallScope scope, ImageRequest request, BackendCall backendCall) {
        UUID jobKey = backendCall.job().key();
        return store.open(jobKey, UUID.fromString(request.key()), scope.remaining())
                .compose(deadline -> tokens.create(jobKey, deadline.plus(CLOCK_TOLERANCE))
                        .map(token -> new CallbackTarget(publicUrl.get() + CALLBACK_PATH + token, deadline)))
                .recover(error -> Future.failedFuture(new BackendCallException(
                        BackendFailure.INTERNAL_ERROR.withDetail("callback job not stored: " + error.getMessage()))));
    }

    /** Waits for the result from the start, since it may arrive before the response to the submission. */
    private Future<BackendOutcome> submit(
            BackendCallScope scope, ImageRequest request, BackendCall backendCall, CallbackTarget target) {
        UUID jobKey = backendCall.job().key();
        Promise<BackendOutcome> outcome = Promise.promise();
        inbox.await(scope, jobKey, backendCall.jobListener())
                .compose(status -> readResult(scope, request, jobKey, status))
                .onComplete(outcome::tryComplete, outcome::tryFail);
        http.sendSmall(
                        scope,
                        HttpMethod.POST,
                        endpoint,
                        http.headers(scope).add(HttpHeaders.CONTENT_TYPE, "application/json"),
                        createBody(request, jobKey, target).toBuffer())
                .map(this::readProviderId)
                .onSuccess(providerId -> {
                    if (providerId != null && !scope.ended()) {
                        backendCall.jobListener().onAccepted(providerId);
                    }
                })
                .onFailure(failure -> {
                    if (isRejection(failure)) {
                        // A result that arrived before is used in spite of the response, for example that of a proxy.
                        store.deleteUnreported(jobKey).onComplete(deleted -> {
                            if (deleted.failed() || deleted.result()) {
                                outcome.tryFail(failure);
                            }
                        });
                    }
                    // Otherwise the AI server may have the job, and its result may still arrive.
                });
        return outcome.future();
    }

    private JsonObject createBody(ImageRequest request, UUID jobKey, CallbackTarget target) {
        UnaryOperator<String> sanitizer = settings.promptSanitizing() == BackendSettings.PromptSanitizing.PASS
                ? UnaryOperator.identity()
                : PromptSanitizer::sanitize;
        JsonObject body = new JsonObject()
                .put("version", PROTOCOL_VERSION)
                .put("id", jobKey.toString())
                .put("prompt", sanitizer.apply(request.prompt()));
        if (request.negativePrompt() != null && settings.sends(RequestField.NEGATIVE_PROMPT)) {
            body.put("negativePrompt", sanitizer.apply(request.negativePrompt()));
        }
        body.put("width", request.width()).put("height", request.height()).put("count", request.count());
        if (settings.sends(RequestField.SEED)) {
            body.put("seed", request.seed());
        }
        if (request.parameters() != null) {
            body.put("parameters", request.parameters());
        }
        if (request.model() != null) {
            body.put("model", request.model());
        }
        return body.put("callbackUrl", target.url())
                .put("deadline", target.deadline().toString());
    }

    /** Returns the {@code id} of a response; null when it has none. Any 2xx response accepts the job. */
    private String readProviderId(OutboundResponse encoded) {
        if (!encoded.success()) {
            throw new BackendCallException(
                    http.responses().errors().toFailure(http.responses().decode(encoded)));
        }
        try {
            return Json.decodeValue(http.responses().decode(encoded).bodyPrefix()) instanceof JsonObject object
                            && object.getValue("id") instanceof String id
                            && !id.isEmpty()
                            && id.length() <= MAX_PROVIDER_ID_LENGTH
                    ? id
                    : null;
        } catch (DecodeException | BackendCallException e) {
            return null;
        }
    }

    /** Returns whether a failed submission shows that the AI server does not have the job. */
    private static boolean isRejection(Throwable failure) {
        if (failure instanceof HttpCallException exchange) {
            return !exchange.sent();
        }
        return !(failure instanceof BackendCallException response)
                || response.failure().failureClass() != FailureClass.AMBIGUOUS;
    }

    private Future<BackendOutcome> readResult(
            BackendCallScope scope, ImageRequest request, UUID jobKey, JobStatus status) {
        if (status == null || status.resultBytes() == null) {
            // The call itself ends at the deadline of its job.
            return Future.failedFuture(new BackendCallException(BackendFailure.of(
                    FailureClass.AMBIGUOUS,
                    BackendFailure.TIMED_OUT,
                    "The AI server did not report a result before the deadline.")));
        }
        return scope.reserveMemory(status.resultBytes())
                .compose(reserved -> store.readResult(jobKey)
                        .map(report -> new ChunkedBytes.Builder().append(report).build())
                        .recover(error -> Future.failedFuture(new BackendCallException(BackendFailure.of(
                                        FailureClass.RESULT_DOWNLOAD,
                                        "RESULT_NOT_READ",
                                        "The result of the AI server could not be read.")
                                .withDetail(error.getMessage())))))
                .compose(report -> http.onWorker(() -> resultParser.parse(report, request.count())))
                .compose(result -> loadImages(scope, result));
    }

    private Future<BackendOutcome> loadImages(BackendCallScope scope, CallbackResult result) {
        return result.error() == null
                ? http.images().load(scope, result.images())
                : Future.failedFuture(new BackendCallException(toFailure(result.error())));
    }

    /** Maps a reported failure: content policy and quota by its code, otherwise by {@code retryable}. */
    private BackendFailure toFailure(JsonObject error) {
        Buffer body = new JsonObject().put("error", error).toBuffer();
        OutboundResponse report =
                new OutboundResponse(200, MultiMap.caseInsensitiveMultiMap(), ChunkedBytes.of(body.getBytes()), false);
        BackendFailure failure = http.responses().errors().toFailureInSuccess(report, body);
        boolean isFinal = Boolean.FALSE.equals(error.getValue("retryable"));
        return failure.failureClass() == FailureClass.SERVER_ERROR && isFinal
                ? BackendFailure.of(
                                FailureClass.TERMINAL_INPUT, "REQUEST_REJECTED", "The AI server rejected the request.")
                        .withDetail(failure.detail())
                : failure;
    }

    /** Returns true: a job that was submitted is in the table, with its result as soon as one is reported. */
    @Override
    public boolean canLookUp(JobReference job) {
        return true;
    }

    @Override
    public Future<BackendOutcome> lookUp(ImageRequest request, BackendCall backendCall) {
        UUID jobKey = backendCall.job().key();
        return http.lookUp(request.key(), backendCall, scope -> {
            scope.markSent();
            return inbox.await(scope, jobKey, backendCall.jobListener()).compose(status -> {
                if (status != null && status.resultBytes() != null) {
                    return readResult(scope, request, jobKey, status);
                }
                // No later report is accepted, so the job can be submitted again.
                return Future.succeededFuture(new BackendOutcome.JobNotFound());
            });
        });
    }

    /** Closes the job, so that its result is not accepted. The protocol has no request to stop the work. */
    @Override
    public Future<Void> cancel(JobReference job) {
        return closeJob(job.key());
    }

    private Future<Void> closeJob(UUID jobKey) {
        return store.delete(jobKey)
                .onFailure(error -> LOG.atDebug()
                        .addKeyValue("job", jobKey)
                        .addKeyValue("reason", error.getMessage())
                        .log("callback job not closed"))
                .otherwiseEmpty();
    }

    @Override
    public Future<Void> close() {
        inbox.close();
        return http.close();
    }
}
