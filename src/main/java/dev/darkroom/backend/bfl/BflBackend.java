package dev.darkroom.backend.bfl;

import dev.darkroom.backend.BackendCall;
import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.backend.ImageRequest;
import dev.darkroom.backend.JobListener;
import dev.darkroom.backend.JobProgress;
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
import dev.darkroom.config.Secret;
import dev.darkroom.http.RequestTarget;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Client of Black Forest Labs: submits a task, reports its id with its polling URL, and polls it until it ends. The vendor chooses the
 * id, so a submission can be looked up only after its id arrived. A task cannot be canceled. Thread-safe; each call stays on the
 * context of its caller.
 *
 * <p>Sources: the <a href="https://api.bfl.ai/openapi.json">OpenAPI document</a>,
 * <a href="https://docs.bfl.ai/api_integration/integration_guidelines">hosts and polling</a>,
 * <a href="https://docs.bfl.ai/api_integration/errors">states and errors</a>,
 * <a href="https://docs.bfl.ai/quick_start/generating_images">limits and delivery</a>.
 */
public final class BflBackend extends HttpImageBackend {
    /** Names that parameters must not have. */
    public static final Set<String> RESERVED = BflRequestFactory.RESERVED;

    /** Polls in a row without the task before it counts as lost. The servers of a region may learn of a task later. */
    private static final int MAX_NOT_FOUND = 5;

    private final Duration pollInterval;
    private final PollingUrls pollingUrls;
    private final TaskReader reader;

    /**
     * @param base base URL, such as {@code https://api.bfl.ai}; a final {@code /v1} is ignored
     * @param memoryBudget shared by all backends of the process
     * @param maxHeaderBytes maximum size of the response head in bytes
     * @param pollInterval time between the first two polls of a task
     */
    public BflBackend(
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
                        withoutPath(base, "/v1"),
                        memoryBudget,
                        maxHeaderBytes,
                        BflBackend::credentials));
        this.pollInterval = pollInterval;
        this.pollingUrls = new PollingUrls(withoutPath(base, "/v1").toString());
        this.reader = new TaskReader(http);
    }

    private static MultiMap credentials(Secret apiKey) {
        return MultiMap.caseInsensitiveMultiMap().add("x-key", apiKey.value());
    }

    @Override
    public RequestLimits limits(String model) {
        return BflRequestFactory.limits(model);
    }

    @Override
    public Future<BackendOutcome> generate(ImageRequest request, BackendCall backendCall) {
        JobListener listener = backendCall.jobListener();
        return http.run(
                request.key(),
                backendCall,
                scope -> submit(scope, request, listener)
                        .onSuccess(task -> listener.onAccepted(task.toProviderId()))
                        .compose(task -> scope.delay(pollInterval)
                                .compose(elapsed -> await(scope, task, listener))
                                .recover(cause -> Future.failedFuture(JobFailures.ofPoll(cause)))
                                .compose(status -> finish(scope, task, status, listener))));
    }

    private Future<TaskReference> submit(BackendCallScope scope, ImageRequest request, JobListener listener) {
        if (!BflRequestFactory.isModel(request.model())) {
            throw new BackendCallException(JobFailures.MODEL_REQUIRED);
        }
        if (request.count() > 1) {
            throw new BackendCallException(JobFailures.ONE_IMAGE_ONLY);
        }
        return http.send(
                        scope,
                        HttpMethod.POST,
                        http.target("/v1/" + request.model()),
                        http.headers(scope).add(HttpHeaders.CONTENT_TYPE, "application/json"),
                        BflRequestFactory.createBody(request, settings.promptSanitizing())
                                .toBuffer())
                .compose(response -> http.onWorker(() -> reader.readSubmission(response)))
                .map(accepted -> {
                    listener.onUsage(accepted.usage());
                    return pollingUrls.normalize(accepted.task());
                })
                .recover(cause -> Future.failedFuture(JobFailures.ofSubmission(cause)));
    }

    private Future<TaskStatus> await(BackendCallScope scope, TaskReference task, JobListener listener) {
        RequestTarget target = RequestTarget.configured(pollingUrls.select(task));
        AtomicInteger notFound = new AtomicInteger();
        return JobPoller.poll(
                scope,
                pollInterval,
                () -> http.poll(scope, HttpMethod.GET, target, http.headers(scope), null, reader::readPoll)
                        .map(status -> {
                            if (!status.found()) {
                                if (notFound.incrementAndGet() > MAX_NOT_FOUND) {
                                    throw JobFailures.jobLost(status.httpStatus());
                                }
                                return null;
                            }
                            notFound.set(0);
                            if (status.percent() != null) {
                                listener.onProgress(new JobProgress(status.percent(), null));
                            }
                            return status.ended() ? status : null;
                        }));
    }

    private Future<BackendOutcome> finish(
            BackendCallScope scope, TaskReference task, TaskStatus status, JobListener listener) {
        return status.failure() != null
                ? Future.succeededFuture(new BackendOutcome.Failed(status.failure()))
                : download(scope, status)
                        .recover(cause -> isExpired(cause)
                                ? downloadAgain(scope, task, status, listener, cause)
                                : Future.failedFuture(cause));
    }

    private Future<BackendOutcome> download(BackendCallScope scope, TaskStatus status) {
        return http.images().load(scope, List.of(new ImageSource.Link(status.imageUrl())));
    }

    private static boolean isExpired(Throwable cause) {
        return cause instanceof BackendCallException failed
                && failed.failure().failureClass() == FailureClass.RESULT_LOST;
    }

    /** The URL of an image is valid for 10 min. Polls once more, and downloads from the new URL if there is one. */
    private Future<BackendOutcome> downloadAgain(
            BackendCallScope scope, TaskReference task, TaskStatus expired, JobListener listener, Throwable cause) {
        return await(scope, task, listener)
                .compose(
                        status -> status.imageUrl() == null || status.imageUrl().equals(expired.imageUrl())
                                ? Future.failedFuture(cause)
                                : download(scope, status));
    }

    @Override
    public boolean canLookUp(JobReference job) {
        return job.providerId() != null;
    }

    @Override
    public Future<BackendOutcome> lookUp(ImageRequest request, BackendCall backendCall) {
        String providerId = backendCall.job().providerId();
        TaskReference task = providerId == null ? null : TaskReference.parse(providerId);
        if (task == null) {
            return Future.succeededFuture(new BackendOutcome.Failed(JobFailures.JOB_ID_UNKNOWN));
        }
        JobListener listener = backendCall.jobListener();
        return http.lookUp(
                request.key(),
                backendCall,
                scope -> await(scope, task, listener)
                        .compose(status -> finish(scope, task, status, listener))
                        .recover(JobFailures::recoverLookUp));
    }
}
