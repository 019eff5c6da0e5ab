package dev.darkroom.backend.replicate;

import dev.darkroom.backend.BackendCall;
import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.backend.HealthCheckResult;
import dev.darkroom.backend.ImageRequest;
import dev.darkroom.backend.JobReference;
import dev.darkroom.backend.RequestLimits;
import dev.darkroom.backend.ServerLimits;
import dev.darkroom.backend.http.BackendCallException;
import dev.darkroom.backend.http.BackendCallScope;
import dev.darkroom.backend.http.BackendHttpClient;
import dev.darkroom.backend.http.HttpImageBackend;
import dev.darkroom.backend.http.InputFields;
import dev.darkroom.backend.http.ResponseMemoryBudget;
import dev.darkroom.config.BackendSettings;
import dev.darkroom.http.OutboundResponse;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Client of a cog container: {@code PUT {base}/predictions/{key}} returns the images. The key makes the prediction cancelable. No
 * request returns the result of a prediction that another request started, and a second PUT after its end starts it again, so
 * there is no look-up. The container cancels the prediction of a closed connection. Thread-safe; each call stays on the context of
 * its caller.
 *
 * <p>Source: {@code docs/http.md} of cog; observed with cog 0.23.1.
 */
public final class CogBackend extends HttpImageBackend {
    private static final int MAX_SCHEMA_BYTES = 1 << 20;
    private static final int STATUS_CONFLICT = 409;

    /** States of the container in which a prediction would fail, although the status of the response is 200. */
    private static final Set<String> UNHEALTHY = Set.of("STARTING", "SETUP_FAILED", "DEFUNCT", "UNHEALTHY");

    private static final BackendFailure AT_CAPACITY = BackendFailure.of(
            FailureClass.REJECTED_RETRYABLE, "AT_CAPACITY", "The AI server is busy with other requests.");

    /** A proxy has sent the request twice, and the response to the first one is lost. */
    private static final BackendFailure ALREADY_RUNNING = BackendFailure.of(
            FailureClass.AMBIGUOUS,
            "JOB_ALREADY_RUNNING",
            "The AI server is already processing the request, and returns its images to another connection.");

    private final InputFields inputFields;
    private final PredictionReader reader;

    /**
     * @param base base URL of the container, to which {@code /predictions/{key}} is appended
     * @param memoryBudget shared by all backends of the process
     * @param maxHeaderBytes maximum size of the response head in bytes
     * @param inputFields inputs of the model
     */
    public CogBackend(
            Vertx vertx,
            BackendSettings settings,
            URI base,
            ResponseMemoryBudget memoryBudget,
            int maxHeaderBytes,
            InputFields inputFields) {
        super(
                settings,
                new BackendHttpClient(
                        vertx, settings, base, memoryBudget, maxHeaderBytes, BackendHttpClient::bearerToken));
        this.inputFields = inputFields;
        this.reader = new PredictionReader(http, settings.maxImageBytes());
    }

    @Override
    public RequestLimits limits(String model) {
        return inputFields.limits();
    }

    /** Reads the schema of the container, which is empty when it was built without one. */
    @Override
    public Future<Optional<ServerLimits>> readLimits(String model, Set<String> parameters, Duration timeout) {
        return probe.fetch(
                        "/openapi.json",
                        MAX_SCHEMA_BYTES,
                        timeout,
                        body -> InputSchema.parse(body, List.of(), inputFields, parameters))
                .map(Optional::of);
    }

    @Override
    public Future<BackendOutcome> generate(ImageRequest request, BackendCall backendCall) {
        return http.run(
                request.key(),
                backendCall,
                scope -> submit(scope, request, backendCall.job())
                        .compose(response -> http.onWorker(() -> readPrediction(response, request.count())))
                        .compose(prediction -> http.images().load(scope, prediction.images())));
    }

    private Future<OutboundResponse> submit(BackendCallScope scope, ImageRequest request, JobReference job) {
        MultiMap headers = http.headers(scope).add(HttpHeaders.CONTENT_TYPE, "application/json");
        return inputFields.send(
                http,
                scope,
                request,
                settings.promptSanitizing(),
                new JsonObject(),
                "input",
                body -> http.send(scope, HttpMethod.PUT, http.target("/predictions/" + job.key()), headers, body));
    }

    private Prediction readPrediction(OutboundResponse response, int count) {
        if (response.status() == STATUS_CONFLICT) {
            BackendFailure rejection =
                    http.responses().errors().toFailure(http.responses().decode(response));
            throw new BackendCallException(AT_CAPACITY
                    .withHttpStatus(rejection.httpStatus())
                    .withRetryAfter(rejection.retryAfter())
                    .withDetail(rejection.detail()));
        }
        Prediction prediction = reader.read(response, count);
        if (!prediction.ended()) {
            throw new BackendCallException(ALREADY_RUNNING.withHttpStatus(response.status()));
        }
        if (prediction.failure() != null) {
            throw new BackendCallException(prediction.failure());
        }
        return prediction;
    }

    /** Stops the prediction. Names it by its key, so that no other one can be affected. */
    @Override
    public Future<Void> cancel(JobReference job) {
        return http.cancel(
                job,
                scope -> http.send(
                        scope,
                        HttpMethod.POST,
                        http.target("/predictions/" + job.key() + "/cancel"),
                        http.headers(scope),
                        null));
    }

    @Override
    public Future<HealthCheckResult> checkHealth(Duration timeout) {
        return probe.checkHealth(timeout, this::isHealthy);
    }

    private boolean isHealthy(OutboundResponse response) {
        return response.status() < 500 && !(response.success() && UNHEALTHY.contains(readStatus(response)));
    }

    /** Returns the state that the container reports; an empty text for another document. */
    private String readStatus(OutboundResponse response) {
        try {
            return http.responses().readObject(response).getValue("status", "").toString();
        } catch (BackendCallException e) {
            return "";
        }
    }
}
