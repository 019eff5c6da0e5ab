package dev.darkroom.backend.comfyui;

import dev.darkroom.backend.BackendCall;
import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.backend.ImageRequest;
import dev.darkroom.backend.InputLimits;
import dev.darkroom.backend.JobReference;
import dev.darkroom.backend.ParametersSchema;
import dev.darkroom.backend.RequestLimits;
import dev.darkroom.backend.ServerLimits;
import dev.darkroom.backend.http.BackendCallException;
import dev.darkroom.backend.http.BackendCallScope;
import dev.darkroom.backend.http.BackendHttpClient;
import dev.darkroom.backend.http.HttpImageBackend;
import dev.darkroom.backend.http.PromptSanitizer;
import dev.darkroom.backend.http.ResponseMemoryBudget;
import dev.darkroom.config.BackendSettings;
import dev.darkroom.http.OutboundWebSocketClient;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Client of a ComfyUI: {@code POST {base}/prompt} with a workflow and the job key as {@code prompt_id}. Polls decide about the
 * outcome; a WebSocket, which may fail, reports progress. Thread-safe; each call stays on the context of its caller.
 */
public final class ComfyUiBackend extends HttpImageBackend {
    private static final BackendFailure JOB_LOST = BackendFailure.of(
            FailureClass.RESULT_LOST,
            "JOB_LOST",
            "The AI server no longer has the job. It restarted or removed the job.");

    private static final Future<BackendOutcome> JOB_IS_LOST = Future.failedFuture(new BackendCallException(JOB_LOST));

    /** Names of placeholders that parameters must not have. */
    public static final Set<String> RESERVED = WorkflowTemplate.RESERVED_NAMES;

    private static final Duration POLL_INTERVAL = Duration.ofMillis(500);
    private static final Set<FailureClass> CAUSED_BY_WORKFLOW =
            Set.of(FailureClass.TERMINAL_INPUT, FailureClass.SERVER_ERROR);

    private final WorkflowTemplate workflow;
    private final OutboundWebSocketClient webSockets;
    private final ComfyUiJobParser parser;
    private final ComfyUiJobClient jobs;
    private final WorkflowValidator validator;
    private final InputImageUploader uploader;
    /** Set for good once the server has replaced the id of a submission by its own. */
    private volatile boolean ignoresJobKeys;

    /**
     * Reads the workflow of the settings, which blocks.
     *
     * @param base effective base URL of the AI server; the settings may leave it open
     * @param memoryBudget shared by all backends of the process
     * @param maxHeaderBytes maximum size of the response head in bytes
     * @param parameters schema of the parameters, each with a placeholder of its name; null for none
     * @throws InvalidWorkflowException when the workflow file cannot be used, or does not fit the parameters
     */
    public ComfyUiBackend(
            Vertx vertx,
            BackendSettings settings,
            URI base,
            ResponseMemoryBudget memoryBudget,
            int maxHeaderBytes,
            ParametersSchema parameters) {
        this(vertx, settings, base, memoryBudget, maxHeaderBytes, parameters, POLL_INTERVAL);
    }

    /** @param pollInterval between the first polls of a job */
    ComfyUiBackend(
            Vertx vertx,
            BackendSettings settings,
            URI base,
            ResponseMemoryBudget memoryBudget,
            int maxHeaderBytes,
            ParametersSchema parameters,
            Duration pollInterval) {
        super(
                settings,
                new BackendHttpClient(
                        vertx, settings, base, memoryBudget, maxHeaderBytes, BackendHttpClient::bearerToken));
        this.workflow = WorkflowTemplate.load(settings.workflow(), parameters);
        this.webSockets = new OutboundWebSocketClient(vertx, settings.connectTimeout());
        this.parser = new ComfyUiJobParser(
                http, new ExecutionErrorMapper(http.responses().errors()));
        this.jobs = new ComfyUiJobClient(http, parser, pollInterval);
        this.uploader = new InputImageUploader(http);
        this.validator = new WorkflowValidator(http, workflow, settings.maxResponseBytes());
    }

    /** A workflow without a placeholder for the number of images may contain one. */
    @Override
    public RequestLimits limits(String model) {
        return RequestLimits.ofFields(
                        true,
                        workflow.placeholders().contains(WorkflowPlaceholder.SEED),
                        workflow.placeholders().contains(WorkflowPlaceholder.NEGATIVE_PROMPT))
                .withInputs(InputLimits.exactly(
                        workflow.inputImages(), workflow.placeholders().contains(WorkflowPlaceholder.MASK)));
    }

    /** Reads the limits of the inputs that are exactly a placeholder. */
    @Override
    public Future<Optional<ServerLimits>> readLimits(String model, Set<String> parameters, Duration timeout) {
        return validator.readLimits(probe, parameters, timeout).map(Optional::of);
    }

    @Override
    public Future<BackendOutcome> generate(ImageRequest request, BackendCall backendCall) {
        return http.run(
                request.key(),
                backendCall,
                scope -> scope.prepare(() ->
                                validator.validate(scope).compose(valid -> uploader.upload(scope, request.inputs())))
                        .compose(images -> submit(scope, request, images, backendCall)
                                .onFailure(this::validateAgainAfterFailure)));
    }

    /** Requires a new validation when the server rejected the workflow or failed to execute it, as its nodes may have changed. */
    private void validateAgainAfterFailure(Throwable cause) {
        if (cause instanceof BackendCallException failed
                && CAUSED_BY_WORKFLOW.contains(failed.failure().failureClass())) {
            validator.reset();
        }
    }

    /** @param images names of the uploaded input images */
    private Future<BackendOutcome> submit(
            BackendCallScope scope,
            ImageRequest request,
            Map<WorkflowPlaceholder, Object> images,
            BackendCall backendCall) {
        String key = backendCall.job().key().toString();
        JsonObject body = new JsonObject()
                .put("prompt", workflow.render(createValues(request, images, key), request.parameters()))
                .put("prompt_id", key)
                .put("client_id", key);
        ComfyUiProgress progress = openProgress(scope, backendCall, key);
        return http.send(
                        scope,
                        HttpMethod.POST,
                        http.target("/prompt"),
                        http.headers(scope).add(HttpHeaders.CONTENT_TYPE, "application/json"),
                        body.toBuffer())
                .compose(outboundResponse -> http.onWorker(
                                () -> parser.parseSubmission(http.responses().decode(outboundResponse)))
                        .transform(submitted -> submitted.failed()
                                ? findAfterError(scope, key, request, progress, submitted.cause())
                                : awaitSubmitted(scope, submitted.result(), request, backendCall, progress)));
    }

    /** @param id that the server returned; null for an unreadable response of a server that may have accepted the job */
    private Future<BackendOutcome> awaitSubmitted(
            BackendCallScope scope,
            String id,
            ImageRequest request,
            BackendCall backendCall,
            ComfyUiProgress progress) {
        String key = backendCall.job().key().toString();
        if (id == null) {
            return awaitImages(
                    scope, key, request, progress, Future.failedFuture(BackendCallException.malformedResponse()));
        }
        ignoresJobKeys |= !id.equals(key);
        progress.setId(id);
        backendCall.jobListener().onAccepted(id);
        return awaitImages(scope, id, request, progress, JOB_IS_LOST);
    }

    /**
     * Looks for the job after a rejected submission. With a 5xx, a proxy may have lost the response of a server that accepted the job.
     */
    private Future<BackendOutcome> findAfterError(
            BackendCallScope scope, String key, ImageRequest request, ComfyUiProgress progress, Throwable error) {
        if (!(error instanceof BackendCallException rejected) || !mayBeThatOfAProxy(rejected.failure())) {
            return Future.failedFuture(error);
        }
        return jobs.find(scope, key).transform(found -> {
            if (found.failed()) {
                return Future.failedFuture(
                        new BackendCallException(rejected.failure().withFailureClass(FailureClass.AMBIGUOUS)));
            }
            return found.result() instanceof ComfyUiJob.Absent
                    ? Future.failedFuture(error)
                    : awaitImages(scope, key, request, progress, JOB_IS_LOST);
        });
    }

    private static boolean mayBeThatOfAProxy(BackendFailure failure) {
        return failure.httpStatus() != null
                && failure.httpStatus() >= 500
                && failure.failureClass().retryable();
    }

    private Map<WorkflowPlaceholder, Object> createValues(
            ImageRequest request, Map<WorkflowPlaceholder, Object> images, String key) {
        Map<WorkflowPlaceholder, Object> values = new EnumMap<>(WorkflowPlaceholder.class);
        values.putAll(images);
        values.put(WorkflowPlaceholder.PROMPT, sanitize(request.prompt()));
        values.put(
                WorkflowPlaceholder.NEGATIVE_PROMPT,
                request.negativePrompt() == null ? "" : sanitize(request.negativePrompt()));
        values.put(WorkflowPlaceholder.SEED, request.seed());
        values.put(WorkflowPlaceholder.WIDTH, request.width());
        values.put(WorkflowPlaceholder.HEIGHT, request.height());
        values.put(WorkflowPlaceholder.COUNT, request.count());
        values.put(WorkflowPlaceholder.JOB, key);
        return values;
    }

    private String sanitize(String prompt) {
        return settings.promptSanitizing() == BackendSettings.PromptSanitizing.PASS
                ? prompt
                : PromptSanitizer.sanitizeTags(prompt);
    }

    /** Connects the WebSocket of a submission, which ends with the call. */
    private ComfyUiProgress openProgress(BackendCallScope scope, BackendCall backendCall, String id) {
        ComfyUiProgress progress = new ComfyUiProgress(backendCall.jobListener(), scope::ended, id);
        String clientId = backendCall.job().key().toString();
        scope.onEnd(webSockets.receive(http.url("/ws?clientId=" + clientId), http.headers(scope), progress::onMessage));
        return progress;
    }

    /** @param ifAbsent outcome when the server does not have the job */
    private Future<BackendOutcome> awaitImages(
            BackendCallScope scope,
            String id,
            ImageRequest request,
            ComfyUiProgress progress,
            Future<BackendOutcome> ifAbsent) {
        return jobs.awaitEnd(scope, id, progress).compose(job -> {
            if (job instanceof ComfyUiJob.Completed completed) {
                return download(scope, completed.images(), request.count());
            }
            if (job instanceof ComfyUiJob.Failed failed) {
                return Future.failedFuture(new BackendCallException(failed.backendFailure()));
            }
            return ifAbsent;
        });
    }

    private Future<BackendOutcome> download(BackendCallScope scope, List<ComfyUiImage> images, int count) {
        if (images.isEmpty()) {
            return Future.failedFuture(BackendCallException.emptyResponse());
        }
        if (images.size() < count) {
            return Future.failedFuture(BackendCallException.tooFewImages());
        }
        return http.images()
                .downloadWithoutMetadata(
                        scope,
                        images.subList(0, count).stream()
                                .map(image -> http.target(image.path()))
                                .toList());
    }

    @Override
    public boolean canLookUp(JobReference job) {
        return job.providerId() != null || !ignoresJobKeys;
    }

    @Override
    public Future<BackendOutcome> lookUp(ImageRequest request, BackendCall backendCall) {
        String id = jobId(backendCall.job());
        return http.lookUp(
                request.key(),
                backendCall,
                scope -> awaitImages(
                        scope,
                        id,
                        request,
                        openProgress(scope, backendCall, id),
                        Future.succeededFuture(new BackendOutcome.JobNotFound())));
    }

    private static String jobId(JobReference job) {
        return job.providerId() == null ? job.key().toString() : job.providerId();
    }

    @Override
    public Future<Void> cancel(JobReference job) {
        return http.cancel(job, scope -> jobs.cancel(scope, jobId(job)));
    }

    @Override
    public Future<Void> close() {
        return http.close().eventually(webSockets::close);
    }
}
