package dev.darkroom.backend.stability;

import dev.darkroom.backend.BackendCall;
import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.backend.ImageRequest;
import dev.darkroom.backend.JobReference;
import dev.darkroom.backend.RequestLimits;
import dev.darkroom.backend.http.BackendCallException;
import dev.darkroom.backend.http.BackendCallScope;
import dev.darkroom.backend.http.BackendHttpClient;
import dev.darkroom.backend.http.HttpImageBackend;
import dev.darkroom.backend.http.ImageSource;
import dev.darkroom.backend.http.JobFailures;
import dev.darkroom.backend.http.JobPoller;
import dev.darkroom.backend.http.ResponseMemoryBudget;
import dev.darkroom.config.BackendSettings;
import dev.darkroom.http.OutboundResponse;
import dev.darkroom.http.RequestTarget;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Set;

/**
 * Client of Stability AI: {@code POST {base}/v2beta/stable-image/generate/{endpoint}} returns the image. A lost response cannot be
 * looked up, unless the response with the id of a result arrived: the text-to-image endpoints return none, other endpoints of the
 * vendor do. Thread-safe; each call stays on the context of its caller.
 *
 * <p>Sources: <a href="https://platform.stability.ai/docs/api-reference">API reference</a> and its OpenAPI document,
 * {@code https://api.stability.ai/v2alpha/openapi}: text-to-image endpoints, {@code GET /v2beta/results/{id}}, {@code
 * GET /v1/user/balance}.
 */
public final class StabilityBackend extends HttpImageBackend {
    /** Names that parameters must not have. */
    public static final Set<String> RESERVED = StabilityRequest.RESERVED;

    private static final int STATUS_ACCEPTED = 202;
    private static final int STATUS_NOT_FOUND = 404;

    private final Duration pollInterval;
    private final GenerationResultParser parser;

    /**
     * @param base base URL, such as {@code https://api.stability.ai}; a final {@code /v2beta} is ignored
     * @param memoryBudget shared by all backends of the process
     * @param maxHeaderBytes maximum size of the response head in bytes
     * @param pollInterval time between the first two polls of a result that is not ready
     */
    public StabilityBackend(
            Vertx vertx,
            BackendSettings settings,
            URI base,
            ResponseMemoryBudget memoryBudget,
            int maxHeaderBytes,
            Duration pollInterval) {
        super(
                settings,
                new BackendHttpClient(
                        vertx,
                        settings,
                        withoutPath(base, "/v2beta"),
                        memoryBudget,
                        maxHeaderBytes,
                        BackendHttpClient::bearerToken));
        this.pollInterval = pollInterval;
        this.parser = new GenerationResultParser(settings.maxImageBytes());
    }

    @Override
    public RequestLimits limits(String model) {
        return StabilityRequest.limits(model);
    }

    @Override
    public Future<BackendOutcome> generate(ImageRequest request, BackendCall backendCall) {
        return http.run(
                request.key(),
                backendCall,
                scope -> submit(scope, request)
                        .compose(result -> result.image() != null || result.id() == null
                                ? Future.succeededFuture(result)
                                : awaitAccepted(scope, result.id(), backendCall))
                        .compose(result -> load(scope, result)));
    }

    private Future<GenerationResult> submit(BackendCallScope scope, ImageRequest request) {
        StabilityRequest submission = StabilityRequest.of(request, settings.promptSanitizing());
        return http.send(
                        scope,
                        HttpMethod.POST,
                        http.target(submission.path()),
                        http.headers(scope)
                                .add(HttpHeaders.CONTENT_TYPE, submission.form().contentType()),
                        submission.form().end())
                .compose(response -> http.onWorker(() -> read(response)))
                .recover(cause -> Future.failedFuture(JobFailures.ofSubmission(cause)));
    }

    private Future<GenerationResult> awaitAccepted(BackendCallScope scope, String id, BackendCall backendCall) {
        backendCall.jobListener().onAccepted(id);
        return scope.delay(pollInterval)
                .compose(elapsed -> await(scope, id))
                .recover(cause -> Future.failedFuture(JobFailures.ofPoll(cause)));
    }

    private Future<GenerationResult> await(BackendCallScope scope, String id) {
        RequestTarget target = http.target("/v2beta/results/" + id);
        return JobPoller.poll(
                scope, pollInterval, () -> http.pollResult(scope, target, this::readPoll, result -> result != null));
    }

    /** Returns null while the result is not ready. */
    private GenerationResult readPoll(OutboundResponse response) {
        if (response.status() == STATUS_NOT_FOUND) {
            throw JobFailures.jobLost(response.status());
        }
        return response.status() == STATUS_ACCEPTED ? null : read(response);
    }

    /**
     * Reads a response.
     *
     * @return a result with an image, an id, or the reason of its end
     * @throws BackendCallException when the response has none of them
     */
    private GenerationResult read(OutboundResponse encoded) {
        OutboundResponse response = http.responses().requireBody(encoded);
        Buffer bodyPrefix = response.bodyPrefix();
        GenerationResult result;
        try {
            result = parser.parse(response.body());
        } catch (BackendCallException e) {
            throw e.withHttpStatus(response.status());
        }
        Buffer error = result.unfinished()
                ? new JsonObject().put("error", result.finishReason()).toBuffer()
                : result.error();
        if (error != null) {
            throw new BackendCallException(http.responses().errors().toFailureInSuccess(response, error));
        }
        if (result.image() == null && result.id() == null && result.finishReason() == null) {
            BackendFailure refusal = http.responses().errors().findRefusal(response, bodyPrefix);
            throw refusal == null
                    ? BackendCallException.emptyResponse().withHttpStatus(response.status())
                    : new BackendCallException(refusal);
        }
        return result;
    }

    private Future<BackendOutcome> load(BackendCallScope scope, GenerationResult result) {
        return result.image() == null
                ? Future.failedFuture(BackendCallException.emptyResponse())
                : http.images().load(scope, List.of(new ImageSource.Inline(result.image())));
    }

    @Override
    public boolean canLookUp(JobReference job) {
        return job.providerId() != null;
    }

    @Override
    public Future<BackendOutcome> lookUp(ImageRequest request, BackendCall backendCall) {
        String id = backendCall.job().providerId();
        if (id == null) {
            return Future.succeededFuture(new BackendOutcome.Failed(JobFailures.JOB_ID_UNKNOWN));
        }
        return http.lookUp(
                request.key(),
                backendCall,
                scope -> await(scope, id).compose(result -> load(scope, result)).recover(JobFailures::recoverLookUp));
    }
}
