package dev.darkroom.backend.replicate;

import dev.darkroom.backend.BackendCall;
import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.backend.ImageRequest;
import dev.darkroom.backend.JobProgress;
import dev.darkroom.backend.JobReference;
import dev.darkroom.backend.RequestLimits;
import dev.darkroom.backend.ServerLimits;
import dev.darkroom.backend.http.BackendCallException;
import dev.darkroom.backend.http.BackendCallScope;
import dev.darkroom.backend.http.BackendHttpClient;
import dev.darkroom.backend.http.HttpImageBackend;
import dev.darkroom.backend.http.InputFields;
import dev.darkroom.backend.http.JobFailures;
import dev.darkroom.backend.http.JobPoller;
import dev.darkroom.backend.http.ResponseMemoryBudget;
import dev.darkroom.config.BackendSettings;
import dev.darkroom.http.OutboundResponse;
import dev.darkroom.http.RequestTarget;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Client of Replicate: submits a prediction, reports its id, and polls it until it ends. Replicate chooses the id, so a submission
 * can be looked up only after its id arrived. Sends credentials to URLs below the base URL only, not to
 * the {@code urls} of a response. Thread-safe; each call stays on the context of its caller.
 *
 * <p>Source: the OpenAPI document of the Replicate HTTP API, {@code predictions.create}, {@code models.predictions.create},
 * {@code predictions.get}, {@code predictions.cancel}.
 */
public final class ReplicateBackend extends HttpImageBackend {
    /** A model without a version, such as {@code black-forest-labs/flux-schnell}. */
    private static final Pattern MODEL_NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*");

    private static final int MAX_SCHEMA_BYTES = 1 << 20;
    private static final int STATUS_NOT_FOUND = 404;

    /** Minimum of {@code Cancel-After}. */
    private static final long MIN_DEADLINE_SECONDS = 5;

    private final InputFields inputFields;
    private final Duration pollInterval;
    private final PredictionReader reader;

    /**
     * @param base base URL, such as {@code https://api.replicate.com}; a final {@code /v1} is ignored
     * @param memoryBudget shared by all backends of the process
     * @param maxHeaderBytes maximum size of the response head in bytes
     * @param inputFields inputs of the models of this backend
     * @param pollInterval time between the first two polls of a prediction
     */
    public ReplicateBackend(
            Vertx vertx,
            BackendSettings settings,
            URI base,
            ResponseMemoryBudget memoryBudget,
            int maxHeaderBytes,
            InputFields inputFields,
            Duration pollInterval) {
        super(
                settings,
                new BackendHttpClient(
                        vertx,
                        settings,
                        withoutPath(base, "/v1"),
                        memoryBudget,
                        maxHeaderBytes,
                        BackendHttpClient::bearerToken));
        this.inputFields = inputFields;
        this.pollInterval = pollInterval;
        this.reader = new PredictionReader(http, settings.maxImageBytes());
    }

    @Override
    public RequestLimits limits(String model) {
        return inputFields.limits();
    }

    /** Reads the schema of a model or of its version. Tells nothing about a version without the name of its model. */
    @Override
    public Future<Optional<ServerLimits>> readLimits(String model, Set<String> parameters, Duration timeout) {
        String[] parts = model == null ? new String[] {""} : model.split(":", 2);
        if (!MODEL_NAME.matcher(parts[0]).matches()) {
            return Future.succeededFuture(Optional.empty());
        }
        String path = "/v1/models/" + parts[0] + (parts.length == 1 ? "" : "/versions/" + parts[1]);
        List<String> schema =
                parts.length == 1 ? List.of("latest_version", "openapi_schema") : List.of("openapi_schema");
        return probe.fetch(
                        path,
                        MAX_SCHEMA_BYTES,
                        timeout,
                        body -> InputSchema.parse(body, schema, inputFields, parameters))
                .map(Optional::of);
    }

    @Override
    public Future<BackendOutcome> generate(ImageRequest request, BackendCall backendCall) {
        return http.run(
                request.key(),
                backendCall,
                scope -> submit(scope, request, backendCall)
                        .compose(submitted -> submitted.ended()
                                ? Future.succeededFuture(submitted)
                                : scope.delay(pollInterval)
                                        .compose(elapsed -> await(scope, submitted.id(), request, backendCall))
                                        .recover(cause -> Future.failedFuture(JobFailures.ofPoll(cause))))
                        .compose(prediction -> finish(scope, prediction)));
    }

    private Future<Prediction> submit(BackendCallScope scope, ImageRequest request, BackendCall backendCall) {
        JsonObject fields = new JsonObject();
        RequestTarget target = target(request.model(), fields);
        return inputFields.send(
                http,
                scope,
                request,
                settings.promptSanitizing(),
                fields,
                "input",
                body -> submit(scope, target, body, request.count(), backendCall));
    }

    private Future<Prediction> submit(
            BackendCallScope scope, RequestTarget target, Buffer body, int count, BackendCall backendCall) {
        long seconds = Math.max(
                MIN_DEADLINE_SECONDS, backendCall.timeout().plusMillis(999).toSeconds());
        MultiMap headers = http.headers(scope)
                .add(HttpHeaders.CONTENT_TYPE, "application/json")
                .add("Cancel-After", seconds + "s");
        return http.send(scope, HttpMethod.POST, target, headers, body)
                .compose(response -> http.onWorker(() -> reader.read(response, count)))
                .map(prediction -> {
                    if (prediction.id() == null) {
                        throw BackendCallException.malformedResponse();
                    }
                    return prediction;
                })
                .recover(cause -> Future.failedFuture(JobFailures.ofSubmission(cause)))
                .onSuccess(prediction -> {
                    backendCall.jobListener().onAccepted(prediction.id());
                    report(prediction, backendCall);
                });
    }

    /** Returns the endpoint for a model. Adds the version to the body where the endpoint requires it. */
    private RequestTarget target(String model, JsonObject body) {
        if (model == null || model.isEmpty()) {
            throw new BackendCallException(JobFailures.MODEL_REQUIRED);
        }
        if (MODEL_NAME.matcher(model).matches()) {
            return http.target("/v1/models/" + model + "/predictions");
        }
        body.put("version", model);
        return http.target("/v1/predictions");
    }

    private Future<Prediction> await(BackendCallScope scope, String id, ImageRequest request, BackendCall backendCall) {
        RequestTarget target = http.target("/v1/predictions/" + id);
        return JobPoller.poll(
                scope,
                pollInterval,
                () -> http.pollResult(
                                scope,
                                target,
                                response -> readPoll(response, request.count()),
                                prediction -> !prediction.images().isEmpty())
                        .map(prediction -> {
                            report(prediction, backendCall);
                            return prediction.ended() ? prediction : null;
                        }));
    }

    private Prediction readPoll(OutboundResponse response, int count) {
        if (response.status() == STATUS_NOT_FOUND) {
            throw JobFailures.jobLost(response.status());
        }
        return reader.read(response, count);
    }

    private static void report(Prediction prediction, BackendCall backendCall) {
        if (!prediction.ended() && prediction.percent() != null) {
            backendCall.jobListener().onProgress(new JobProgress(prediction.percent(), null));
        }
        if (prediction.ended()) {
            backendCall.jobListener().onUsage(prediction.usage());
        }
    }

    private Future<BackendOutcome> finish(BackendCallScope scope, Prediction prediction) {
        return prediction.failure() != null
                ? Future.succeededFuture(new BackendOutcome.Failed(prediction.failure()))
                : http.images().load(scope, prediction.images());
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
                scope -> await(scope, id, request, backendCall)
                        .compose(prediction -> finish(scope, prediction))
                        .recover(JobFailures::recoverLookUp));
    }

    @Override
    public Future<Void> cancel(JobReference job) {
        return job.providerId() == null
                ? Future.succeededFuture()
                : http.cancel(
                        job,
                        scope -> http.send(
                                scope,
                                HttpMethod.POST,
                                http.target("/v1/predictions/" + job.providerId() + "/cancel"),
                                http.headers(scope),
                                null));
    }
}
