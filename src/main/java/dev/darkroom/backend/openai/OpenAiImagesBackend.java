package dev.darkroom.backend.openai;

import dev.darkroom.backend.BackendCall;
import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.backend.HealthCheckResult;
import dev.darkroom.backend.ImageBackend;
import dev.darkroom.backend.ImageRequest;
import dev.darkroom.backend.http.BackendCallException;
import dev.darkroom.backend.http.BackendCallScope;
import dev.darkroom.backend.http.ImageDownloader;
import dev.darkroom.backend.http.ResponseContentDecoder;
import dev.darkroom.backend.http.ResponseMemoryBudget;
import dev.darkroom.config.Settings;
import dev.darkroom.config.Settings.RequestField;
import dev.darkroom.http.LogTextRedactor;
import dev.darkroom.http.OutboundHttpClient;
import dev.darkroom.http.OutboundRequest;
import dev.darkroom.http.OutboundResponse;
import dev.darkroom.http.RequestTarget;
import dev.darkroom.http.RetryAfterParser;
import dev.darkroom.http.egress.DnsHostResolver;
import dev.darkroom.http.egress.EgressPolicy;
import dev.darkroom.http.egress.OutboundUrl;
import dev.darkroom.image.ChunkedBytes;
import dev.darkroom.image.Image;
import dev.darkroom.image.ImageInspector;
import dev.darkroom.image.InvalidImageException;
import io.vertx.core.CompositeFuture;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Client of an AI server with the OpenAI Images protocol: {@code POST {base}/images/generations}. Thread-safe; each call
 * stays on the context of its caller. Worker threads ("darkroom-image-decoding") parse responses and decode and inspect
 * images.
 *
 * <p>Source: OpenAI API reference, "Create image". {@code negative_prompt} and {@code seed} are extensions that many
 * servers support.
 */
public final class OpenAiImagesBackend implements ImageBackend {
    private static final Logger LOG = LoggerFactory.getLogger(OpenAiImagesBackend.class);
    private static final int WORKER_THREADS = 2;
    private static final int STATUS_ACCEPTED = 202;

    /** Maximum body size of a health check response. A longer body is truncated and the check passes. */
    private static final int MAX_HEALTH_CHECK_BYTES = 1 << 16;

    private final Vertx vertx;
    private final ResponseMemoryBudget memoryBudget;
    private final Settings.Backend settings;
    private final RequestTarget endpoint;
    private final RequestTarget healthCheckTarget;
    private final OutboundHttpClient httpClient;
    private final ImageDownloader imageDownloader;
    private final WorkerExecutor workers;
    private final OpenAiResponseParser responseParser;
    private final OpenAiErrorMapper errorMapper;
    private final LogTextRedactor logTextRedactor;
    /** Set for good once the AI server has rejected the extension fields. */
    private volatile boolean extensionsRejected;

    private final Set<BackendCall> activeCalls = ConcurrentHashMap.newKeySet();

    /**
     * @param base effective base URL of the AI server, ends in {@code /v1}; the settings may leave it open
     * @param memoryBudget shared by all backends of the process
     * @param maxHeaderBytes maximum size of the response head in bytes
     */
    public OpenAiImagesBackend(
            Vertx vertx, Settings.Backend settings, URI base, ResponseMemoryBudget memoryBudget, int maxHeaderBytes) {
        this.vertx = vertx;
        this.memoryBudget = memoryBudget;
        this.settings = settings;
        String root = base.toString().replaceAll("/+$", "");
        OutboundUrl url = OutboundUrl.of(URI.create(root + "/images/generations"));
        this.endpoint = RequestTarget.configured(url);
        String path = settings.breaker().healthCheckPath();
        this.healthCheckTarget =
                path == null ? null : RequestTarget.configured(OutboundUrl.of(URI.create(root + path)));
        this.httpClient = new OutboundHttpClient(vertx, settings.connectTimeout(), maxHeaderBytes);
        EgressPolicy egressPolicy = new EgressPolicy(
                new EgressPolicy.Rules(settings.downloadNetworks(), true, List.of()),
                new DnsHostResolver(vertx, true),
                url);
        this.imageDownloader = new ImageDownloader(httpClient, settings, egressPolicy);
        this.workers = vertx.createSharedWorkerExecutor("darkroom-image-decoding", WORKER_THREADS);
        this.responseParser = new OpenAiResponseParser(settings.maxImageBytes());
        this.logTextRedactor = new LogTextRedactor(settings.apiKey());
        this.errorMapper = new OpenAiErrorMapper(new RetryAfterParser(Clock.systemUTC()), logTextRedactor);
    }

    @Override
    public String name() {
        return settings.name();
    }

    @Override
    public Future<BackendOutcome> generate(ImageRequest request, BackendCall backendCall) {
        activeCalls.add(backendCall);
        return BackendCallScope.run(vertx, memoryBudget, request.key(), backendCall, scope -> submit(scope, request))
                .map(this::redactDetail)
                .onComplete(done -> activeCalls.remove(backendCall));
    }

    /** Passes on any status below 500: a 401 or 404 shows that the server responds. */
    @Override
    public Future<HealthCheckResult> checkHealth(Duration timeout) {
        if (healthCheckTarget == null) {
            return Future.succeededFuture(HealthCheckResult.PASSED);
        }
        Promise<HealthCheckResult> result = Promise.promise();
        BackendCall backendCall = new BackendCall(timeout);
        BackendCallScope.run(vertx, memoryBudget, "health check", backendCall, scope -> {
                    OutboundRequest get =
                            new OutboundRequest(HttpMethod.GET, healthCheckTarget, requestHeaders(), null);
                    return scope.send(httpClient, get, MAX_HEALTH_CHECK_BYTES, scope.remaining())
                            .onSuccess(outboundResponse -> result.tryComplete(
                                    outboundResponse.status() >= 500
                                            ? HealthCheckResult.FAILED
                                            : HealthCheckResult.PASSED))
                            .map(outboundResponse -> new BackendOutcome.Generated(List.of()));
                })
                .onComplete(done -> {
                    backendCall.release();
                    result.tryComplete(HealthCheckResult.UNREACHABLE);
                });
        return result.future();
    }

    private MultiMap requestHeaders() {
        MultiMap headers = MultiMap.caseInsensitiveMultiMap().add(HttpHeaders.ACCEPT, "application/json");
        return settings.apiKey().isPresent()
                ? headers.add(
                        HttpHeaders.AUTHORIZATION, "Bearer " + settings.apiKey().value())
                : headers;
    }

    private Future<BackendOutcome> submit(BackendCallScope scope, ImageRequest request) {
        MultiMap headers = requestHeaders()
                .add(HttpHeaders.CONTENT_TYPE, "application/json")
                .add("Idempotency-Key", request.key());
        Set<RequestField> fields = requestFields(request.model());
        return post(scope, request, headers, fields)
                .compose(encoded -> {
                    // An error body is small enough to decode on the event loop.
                    OutboundResponse outboundResponse = encoded.success()
                            ? encoded
                            : ResponseContentDecoder.decode(encoded, settings.maxResponseBytes());
                    boolean resend = settings.requestFields() == null
                            && fields.removeAll(OpenAiRequestFactory.EXTENSIONS)
                            && errorMapper.rejectsExtensions(outboundResponse);
                    if (!resend) {
                        return Future.succeededFuture(outboundResponse);
                    }
                    extensionsRejected = true;
                    LOG.atInfo()
                            .addKeyValue("backend", name())
                            .addKeyValue("fields", "seed,response_format")
                            .log("optional fields rejected, no longer sent");
                    return post(scope, request, headers, fields);
                })
                .compose(outboundResponse ->
                        workers.executeBlocking(() -> readResponse(outboundResponse, request.count()), false))
                .compose(entries -> loadImages(scope, entries))
                .map(BackendOutcome.Generated::new);
    }

    /** Returns the optional fields to send, as a set that the caller may modify. */
    private Set<RequestField> requestFields(String model) {
        Set<RequestField> fields = settings.requestFields() == null
                ? OpenAiRequestFactory.optionalFields(model)
                : EnumSet.noneOf(RequestField.class);
        if (settings.requestFields() != null) {
            fields.addAll(settings.requestFields());
        } else if (extensionsRejected) {
            fields.removeAll(OpenAiRequestFactory.EXTENSIONS);
        }
        return fields;
    }

    private Future<OutboundResponse> post(
            BackendCallScope scope, ImageRequest request, MultiMap headers, Set<RequestField> fields) {
        Buffer body = OpenAiRequestFactory.createBody(request, settings.promptSanitizing(), fields)
                .toBuffer();
        return scope.send(
                httpClient,
                new OutboundRequest(HttpMethod.POST, endpoint, headers, body),
                settings.maxResponseBytes(),
                scope.remaining());
    }

    private Future<List<Image>> loadImages(BackendCallScope scope, List<OpenAiImageEntry> entries) {
        List<Future<Image>> images =
                entries.stream().map(entry -> loadImage(scope, entry)).toList();
        // The first failure ends the call while worker threads may still inspect the other images.
        scope.retainMemoryUntil(Future.join(images));
        return Future.all(images).map(CompositeFuture::list);
    }

    private List<OpenAiImageEntry> readResponse(OutboundResponse encoded, int count) {
        OutboundResponse outboundResponse = ResponseContentDecoder.decode(encoded, settings.maxResponseBytes());
        if (!outboundResponse.success()) {
            throw new BackendCallException(errorMapper.toFailure(outboundResponse));
        }
        try {
            return parseEntries(outboundResponse, count);
        } catch (BackendCallException e) {
            throw new BackendCallException(e.failure().withHttpStatus(outboundResponse.status()));
        }
    }

    private List<OpenAiImageEntry> parseEntries(OutboundResponse outboundResponse, int count) {
        if (outboundResponse.truncated()) {
            throw BackendCallException.invalidResult(
                    "RESPONSE_TOO_LARGE", "The response of the AI server exceeds the size limit.");
        }
        if (outboundResponse.body().length() == 0) {
            throw BackendCallException.invalidResult(
                    "EMPTY_RESPONSE", "The AI server reported success without an image.");
        }
        Buffer bodyPrefix = outboundResponse.bodyPrefix();
        try {
            return responseParser.parse(outboundResponse.body(), count);
        } catch (ErrorInResponseException e) {
            throw new BackendCallException(errorMapper.toFailureInSuccess(outboundResponse, e.error()));
        } catch (BackendCallException e) {
            boolean empty = e.failure().code().equals("EMPTY_RESPONSE");
            BackendFailure refusal = empty ? errorMapper.findRefusal(outboundResponse, bodyPrefix) : null;
            throw refusal != null
                    ? new BackendCallException(refusal)
                    : empty && outboundResponse.status() == STATUS_ACCEPTED ? OpenAiResponseParser.taskResponse() : e;
        }
    }

    private Future<Image> loadImage(BackendCallScope scope, OpenAiImageEntry entry) {
        if (entry instanceof OpenAiImageEntry.Link link) {
            return imageDownloader
                    .fetch(scope, link.url())
                    .compose(outboundResponse -> workers.executeBlocking(() -> inspectImage(outboundResponse), false));
        }
        ChunkedBytes bytes = ((OpenAiImageEntry.Inline) entry).bytes();
        return workers.executeBlocking(() -> inspectImage(bytes), false);
    }

    private Image inspectImage(OutboundResponse download) {
        OutboundResponse decoded = ResponseContentDecoder.decode(download, settings.maxImageBytes());
        if (decoded.truncated()) {
            throw BackendCallException.invalidResult(
                    "RESPONSE_TOO_LARGE", "The image of the AI server exceeds the size limit.");
        }
        return inspectImage(decoded.body());
    }

    private Image inspectImage(ChunkedBytes bytes) {
        try {
            return ImageInspector.inspect(bytes, settings.maxImageBytes());
        } catch (InvalidImageException e) {
            throw BackendCallException.invalidResult(
                    "INVALID_IMAGE", "The AI server returned data that is not a complete image.", e.getMessage());
        }
    }

    /** Redacts details of transport errors, which contain host names and exception messages. */
    private BackendOutcome redactDetail(BackendOutcome backendOutcome) {
        if (backendOutcome instanceof BackendOutcome.Failed failed) {
            BackendFailure backendFailure = failed.backendFailure();
            return new BackendOutcome.Failed(
                    backendFailure.withDetail(logTextRedactor.redact(backendFailure.detail())));
        }
        return backendOutcome;
    }

    @Override
    public Future<Void> close() {
        activeCalls.forEach(BackendCall::abort);
        httpClient.close();
        return workers.close();
    }
}
