package dev.darkroom.backend.fal;

import dev.darkroom.backend.BackendCall;
import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.backend.ImageRequest;
import dev.darkroom.backend.JobReference;
import dev.darkroom.backend.RequestLimits;
import dev.darkroom.backend.http.BackendCallException;
import dev.darkroom.backend.http.BackendCallScope;
import dev.darkroom.backend.http.BackendHttpClient;
import dev.darkroom.backend.http.HttpImageBackend;
import dev.darkroom.backend.http.InputFields;
import dev.darkroom.backend.http.JobFailures;
import dev.darkroom.backend.http.ResponseMemoryBudget;
import dev.darkroom.config.BackendSettings;
import dev.darkroom.config.Secret;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import java.net.URI;
import java.time.Duration;

/**
 * Client of fal. With a model, submits a request to the queue at the base URL, reports its id, and waits until it has ended. Without a
 * model, the base URL is that of one app, which is called directly: {@code https://fal.run/{owner}/{app}}, or an app that {@code fal run
 * --local} serves. Thread-safe; each call stays on the context of its caller.
 *
 * <p>Sources: https://fal.ai/docs/api-reference/inference-api, https://fal.ai/docs/inference-api/queue/result,
 * https://fal.ai/docs/inference-api/queue/cancel, and the clients {@code @fal-ai/client} 1.10.1 and {@code fal-client} 1.0.3.
 */
public final class FalBackend extends HttpImageBackend {
    /** The inputs of most image models of fal. */
    public static final InputFields DEFAULT_INPUTS =
            InputFields.parse("prompt, seed, image_size, num_outputs=num_images");

    private static final BackendFailure NO_APP = BackendFailure.of(
            FailureClass.TERMINAL_INPUT, "INVALID_MODEL", "The name of the model is not the path of an app.");

    private final InputFields inputFields;
    private final FalResultReader reader;
    private final FalQueue queue;

    /**
     * @param base base URL of the queue, such as {@code https://queue.fal.run}; URL of the app when requests have no model
     * @param memoryBudget shared by all backends of the process
     * @param maxHeaderBytes maximum size of the response head in bytes
     * @param inputFields inputs of the models of this backend
     * @param pollInterval time between the first two polls of a request
     */
    public FalBackend(
            Vertx vertx,
            BackendSettings settings,
            URI base,
            ResponseMemoryBudget memoryBudget,
            int maxHeaderBytes,
            InputFields inputFields,
            Duration pollInterval) {
        super(
                settings,
                new BackendHttpClient(vertx, settings, base, memoryBudget, maxHeaderBytes, FalBackend::credentials));
        this.inputFields = inputFields;
        this.reader = new FalResultReader(http, settings.maxImageBytes());
        this.queue = new FalQueue(http, reader, pollInterval);
    }

    private static MultiMap credentials(Secret apiKey) {
        return MultiMap.caseInsensitiveMultiMap().add(HttpHeaders.AUTHORIZATION, "Key " + apiKey.value());
    }

    @Override
    public RequestLimits limits(String model) {
        return inputFields.limits();
    }

    @Override
    public Future<BackendOutcome> generate(ImageRequest request, BackendCall backendCall) {
        return http.run(
                request.key(),
                backendCall,
                scope -> call(scope, request, backendCall).compose(result -> finish(scope, result, backendCall)));
    }

    private Future<FalResult> call(BackendCallScope scope, ImageRequest request, BackendCall backendCall) {
        String model = request.model();
        boolean queued = model != null && !model.isEmpty();
        if (queued && !QueuedRequest.isApp(model)) {
            throw new BackendCallException(NO_APP);
        }
        return inputFields
                .send(
                        http,
                        scope,
                        request,
                        settings.promptSanitizing(),
                        null,
                        null,
                        body -> http.send(
                                scope,
                                HttpMethod.POST,
                                http.target(queued ? "/" + model : ""),
                                createHeaders(scope, request, backendCall),
                                body))
                .compose(response -> queued
                        ? queue.accept(scope, model, response, request.count(), backendCall)
                        : http.onWorker(() -> reader.read(response, request.count())));
    }

    /**
     * Returns the headers of a submission. fal does not start a request after the time that is left for the call, and does not repeat it:
     * Darkroom decides about repetitions and counts them.
     */
    private MultiMap createHeaders(BackendCallScope scope, ImageRequest request, BackendCall backendCall) {
        long seconds = Math.max(1, backendCall.timeout().plusMillis(999).toSeconds());
        return http.headers(scope)
                .add(HttpHeaders.CONTENT_TYPE, "application/json")
                .add("X-Fal-Request-Timeout", Long.toString(seconds))
                .add("X-Fal-No-Retry", "1")
                // Two classes for the whole account. A generation that its user puts last also yields to other requests
                // there.
                .add("X-Fal-Queue-Priority", request.priority() > 0 ? "low" : "normal");
    }

    private Future<BackendOutcome> finish(BackendCallScope scope, FalResult result, BackendCall backendCall) {
        backendCall.jobListener().onUsage(result.usage());
        return result.failure() != null
                ? Future.succeededFuture(new BackendOutcome.Failed(result.failure()))
                : http.images().load(scope, result.images());
    }

    @Override
    public boolean canLookUp(JobReference job) {
        return QueuedRequest.isPath(job.providerId());
    }

    @Override
    public Future<BackendOutcome> lookUp(ImageRequest request, BackendCall backendCall) {
        if (!canLookUp(backendCall.job())) {
            return Future.succeededFuture(new BackendOutcome.Failed(JobFailures.JOB_ID_UNKNOWN));
        }
        QueuedRequest queued = new QueuedRequest(backendCall.job().providerId());
        return http.lookUp(
                request.key(),
                backendCall,
                scope -> queue.lookUp(scope, queued, request.count(), backendCall)
                        .compose(result -> finish(scope, result, backendCall))
                        .recover(JobFailures::recoverLookUp));
    }

    @Override
    public Future<Void> cancel(JobReference job) {
        return canLookUp(job)
                ? http.cancel(
                        job,
                        scope -> http.send(
                                scope,
                                HttpMethod.PUT,
                                new QueuedRequest(job.providerId()).cancelTarget(http),
                                http.headers(scope),
                                null))
                : Future.succeededFuture();
    }
}
