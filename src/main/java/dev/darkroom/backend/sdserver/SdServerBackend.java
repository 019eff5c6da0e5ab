package dev.darkroom.backend.sdserver;

import dev.darkroom.backend.BackendCall;
import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.backend.ImageRequest;
import dev.darkroom.backend.JobProgress;
import dev.darkroom.backend.JobReference;
import dev.darkroom.backend.ServerLimits;
import dev.darkroom.backend.http.BackendCallException;
import dev.darkroom.backend.http.BackendCallScope;
import dev.darkroom.backend.http.BackendHttpClient;
import dev.darkroom.backend.http.HttpImageBackend;
import dev.darkroom.backend.http.JobFailures;
import dev.darkroom.backend.http.JobPoller;
import dev.darkroom.backend.http.PromptSanitizer;
import dev.darkroom.backend.http.ResponseMemoryBudget;
import dev.darkroom.config.BackendSettings;
import dev.darkroom.http.OutboundResponse;
import dev.darkroom.http.RequestTarget;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;

/**
 * Client of the native API of sd-server: submits a job, reports its id, and polls it until it ends. The server chooses the id, so a
 * submission can be looked up only after its id arrived. Thread-safe; each call stays on the context of its caller.
 *
 * <p>Sources: {@code examples/server} of https://github.com/leejet/stable-diffusion.cpp, {@code api.md} (commit 0137f168), {@code
 * routes_sdcpp.cpp} (11bff8dc) and {@code async_jobs.cpp} (05a313ff).
 */
public final class SdServerBackend extends HttpImageBackend {
    /** Fields that Darkroom writes, which are never parameters. */
    public static final Set<String> RESERVED = Set.of(
            "prompt", "negative_prompt", "seed", "width", "height", "batch_count", "embed_image_metadata", "preview");

    private static final String JOBS = "/sdcpp/v1/jobs/";
    private static final String CAPABILITIES = "/sdcpp/v1/capabilities";
    private static final int MAX_CAPABILITIES_BYTES = 1 << 20;
    private static final int STATUS_NOT_FOUND = 404;
    private static final int STATUS_GONE = 410;

    private final Duration pollInterval;
    private final SdServerJobReader reader;

    /**
     * @param base base URL of the server, to which {@code /sdcpp/v1/img_gen} is appended
     * @param memoryBudget shared by all backends of the process
     * @param maxHeaderBytes maximum size of the response head in bytes
     * @param pollInterval time between the first two polls of a job
     */
    public SdServerBackend(
            Vertx vertx,
            BackendSettings settings,
            URI base,
            ResponseMemoryBudget memoryBudget,
            int maxHeaderBytes,
            Duration pollInterval) {
        super(
                settings,
                new BackendHttpClient(
                        vertx, settings, base, memoryBudget, maxHeaderBytes, BackendHttpClient::bearerToken));
        this.pollInterval = pollInterval;
        this.reader = new SdServerJobReader(http, settings.maxImageBytes());
    }

    @Override
    public Future<Optional<ServerLimits>> readLimits(String model, Set<String> parameters, Duration timeout) {
        return probe.fetch(CAPABILITIES, MAX_CAPABILITIES_BYTES, timeout, body -> Capabilities.parse(body, parameters))
                .map(Optional::of);
    }

    @Override
    public Future<BackendOutcome> generate(ImageRequest request, BackendCall backendCall) {
        return http.run(
                request.key(),
                backendCall,
                scope -> submit(scope, request)
                        .onSuccess(job -> backendCall.jobListener().onAccepted(job.id()))
                        .compose(job -> scope.delay(pollInterval)
                                .compose(elapsed -> await(scope, job.id(), request.count(), backendCall))));
    }

    private Future<SdServerJob> submit(BackendCallScope scope, ImageRequest request) {
        MultiMap headers = http.headers(scope).add(HttpHeaders.CONTENT_TYPE, "application/json");
        return http.send(
                        scope,
                        HttpMethod.POST,
                        http.target("/sdcpp/v1/img_gen"),
                        headers,
                        createBody(request).toBuffer())
                .compose(response -> http.onWorker(() -> readSubmission(response)))
                .recover(cause -> Future.failedFuture(JobFailures.ofSubmission(cause)));
    }

    private JsonObject createBody(ImageRequest request) {
        boolean pass = settings.promptSanitizing() == BackendSettings.PromptSanitizing.PASS;
        JsonObject body = request.copyParameters()
                .put("prompt", pass ? request.prompt() : PromptSanitizer.sanitizeTags(request.prompt()));
        if (request.negativePrompt() != null) {
            body.put(
                    "negative_prompt",
                    pass ? request.negativePrompt() : PromptSanitizer.sanitizeTags(request.negativePrompt()));
        }
        return body.put("width", request.width())
                .put("height", request.height())
                .put("batch_count", request.count())
                .put("seed", request.seed())
                .put("embed_image_metadata", false);
    }

    private SdServerJob readSubmission(OutboundResponse response) {
        SdServerJob job = reader.read(response, 0);
        if (job.id() == null) {
            throw BackendCallException.malformedResponse().withHttpStatus(response.status());
        }
        return job;
    }

    /** Waits for the end of a job. */
    private Future<BackendOutcome> await(BackendCallScope scope, String id, int count, BackendCall backendCall) {
        RequestTarget target = http.target(JOBS + id);
        return JobPoller.poll(
                        scope,
                        pollInterval,
                        () -> http.pollResult(
                                        scope,
                                        target,
                                        response -> readPoll(response, count),
                                        job -> !job.images().isEmpty())
                                .map(job -> {
                                    if (job.ended()) {
                                        return job;
                                    }
                                    backendCall.jobListener().onProgress(new JobProgress(null, job.queuePosition()));
                                    return null;
                                }))
                .recover(cause -> Future.failedFuture(JobFailures.ofPoll(cause)))
                .compose(job -> job.failure() == null
                        ? http.images().loadWithoutMetadata(scope, job.images())
                        : Future.succeededFuture(new BackendOutcome.Failed(job.failure())));
    }

    private SdServerJob readPoll(OutboundResponse response, int count) {
        if (response.status() == STATUS_NOT_FOUND) {
            throw JobFailures.jobLost(response.status());
        }
        if (response.status() == STATUS_GONE) {
            throw new BackendCallException(JobFailures.RESULT_EXPIRED.withHttpStatus(response.status()));
        }
        return reader.read(response, count);
    }

    @Override
    public boolean canLookUp(JobReference job) {
        return SdServerJobReader.isId(job.providerId());
    }

    @Override
    public Future<BackendOutcome> lookUp(ImageRequest request, BackendCall backendCall) {
        if (!canLookUp(backendCall.job())) {
            return Future.succeededFuture(new BackendOutcome.Failed(JobFailures.JOB_ID_UNKNOWN));
        }
        return http.lookUp(
                request.key(),
                backendCall,
                scope -> await(scope, backendCall.job().providerId(), request.count(), backendCall)
                        .recover(JobFailures::recoverLookUp));
    }

    /** Removes a waiting job. The server does not interrupt a job that it works on. */
    @Override
    public Future<Void> cancel(JobReference job) {
        return canLookUp(job)
                ? http.cancel(
                        job,
                        scope -> http.send(
                                scope,
                                HttpMethod.POST,
                                http.target(JOBS + job.providerId() + "/cancel"),
                                http.headers(scope),
                                null))
                : Future.succeededFuture();
    }
}
