package dev.darkroom.backend.http;

import dev.darkroom.backend.BackendCall;
import dev.darkroom.backend.BackendKeyStatus;
import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.backend.InputImages;
import dev.darkroom.backend.JobReference;
import dev.darkroom.backend.LoadedInputs;
import dev.darkroom.backend.key.BackendKeyFiles;
import dev.darkroom.backend.key.BackendKeyRing;
import dev.darkroom.config.BackendSettings;
import dev.darkroom.config.Secret;
import dev.darkroom.http.OutboundHttpClient;
import dev.darkroom.http.OutboundRequest;
import dev.darkroom.http.OutboundResponse;
import dev.darkroom.http.RequestTarget;
import dev.darkroom.http.RetryAfterParser;
import dev.darkroom.http.egress.DnsHostResolver;
import dev.darkroom.http.egress.EgressPolicy;
import dev.darkroom.http.egress.OutboundUrl;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * HTTP client of one AI server, used by every protocol: calls, requests below the base URL, error mapping, images.
 * Thread-safe; each call stays on the context of its caller. Worker threads ("darkroom-image-decoding") parse responses and decode and
 * inspect images.
 */
public final class BackendHttpClient {
    private static final int WORKER_THREADS = 2;

    /** Maximum body size of the response to a poll, such as a list of queued jobs. */
    private static final int MAX_POLL_BYTES = 4 << 20;

    private static final Duration MAX_POLL_DURATION = Duration.ofSeconds(10);
    private static final Duration CANCEL_TIMEOUT = Duration.ofSeconds(10);

    private final BackendSettings settings;
    private final String root;
    private final Function<Secret, MultiMap> credentials;
    private final BackendKeyRing keyRing;
    private final BackendKeyFiles keyFiles;
    private final OutboundHttpClient httpClient;
    private final ImageLoader imageLoader;
    private final WorkerExecutor workers;
    private final BackendCallRunner calls;
    private final ResponseReader responseReader;

    /**
     * @param base effective base URL of the AI server; the settings may leave it open
     * @param memoryBudget shared by all backends of the process
     * @param maxHeaderBytes maximum size of the response head in bytes
     * @param credentials returns new headers with an API key, such as {@link #bearerToken}
     */
    public BackendHttpClient(
            Vertx vertx,
            BackendSettings settings,
            URI base,
            ResponseMemoryBudget memoryBudget,
            int maxHeaderBytes,
            Function<Secret, MultiMap> credentials) {
        this.settings = settings;
        this.credentials = credentials;
        this.root = base.toString().replaceAll("/+$", "");
        this.httpClient = new OutboundHttpClient(vertx, settings.connectTimeout(), maxHeaderBytes);
        EgressPolicy egressPolicy = new EgressPolicy(
                new EgressPolicy.Rules(settings.downloadNetworks(), true, List.of()),
                new DnsHostResolver(vertx, true),
                OutboundUrl.of(URI.create(root)));
        this.workers = vertx.createSharedWorkerExecutor("darkroom-image-decoding", WORKER_THREADS);
        this.imageLoader = new ImageLoader(
                new ImageDownloader(httpClient, settings, egressPolicy), settings, this::credentials, workers);
        this.keyRing = new BackendKeyRing(settings.name(), settings.apiKeyCooldown(), System::nanoTime);
        this.keyFiles = BackendKeyFiles.load(settings, keyRing);
        keyFiles.start(vertx, workers);
        this.calls = new BackendCallRunner(vertx, memoryBudget, keyRing);
        this.responseReader = new ResponseReader(
                settings.maxResponseBytes(), new ErrorResponseMapper(new RetryAfterParser(Clock.systemUTC())));
    }

    /** Returns the target of a path below the base URL. */
    public RequestTarget target(String path) {
        return RequestTarget.configured(url(path));
    }

    /** Returns the URL of a path below the base URL. */
    public OutboundUrl url(String path) {
        return OutboundUrl.of(URI.create(root + path));
    }

    /** Reads responses and maps errors. */
    public ResponseReader responses() {
        return responseReader;
    }

    /** Loads the images of responses. */
    public ImageLoader images() {
        return imageLoader;
    }

    /** Returns the states of the API keys. */
    public List<BackendKeyStatus> keys() {
        return keyRing.status();
    }

    /**
     * Runs a submission with the next usable API key, see {@link BackendCallScope#run}. Repeats it with another one when the AI server
     * rejects the key. Reports each key to {@link dev.darkroom.backend.JobListener#onApiKeySelected} before its first request. Redacts
     * the details of failures.
     *
     * @param key identifies the call in logs, see {@link dev.darkroom.backend.ImageRequest#key()}
     */
    public Future<BackendOutcome> run(
            String key, BackendCall backendCall, Function<BackendCallScope, Future<BackendOutcome>> work) {
        return calls.submit(key, backendCall, work);
    }

    /**
     * Runs the look-up of a job with the API key that submitted it. Redacts the details of failures.
     *
     * @param key as for {@link #run(String, BackendCall, Function)}
     */
    public Future<BackendOutcome> lookUp(
            String key, BackendCall backendCall, Function<BackendCallScope, Future<BackendOutcome>> work) {
        return calls.lookUp(key, backendCall, work);
    }

    /** Returns new headers with an API key as a bearer token. */
    public static MultiMap bearerToken(Secret apiKey) {
        return MultiMap.caseInsensitiveMultiMap().add(HttpHeaders.AUTHORIZATION, "Bearer " + apiKey.value());
    }

    /** Returns new headers that accept JSON and contain the API key of a call, if it has one. */
    public MultiMap headers(BackendCallScope scope) {
        return credentials(scope).add(HttpHeaders.ACCEPT, "application/json");
    }

    private MultiMap credentials(BackendCallScope scope) {
        Secret apiKey = scope.apiKey();
        return apiKey.isPresent() ? credentials.apply(apiKey) : MultiMap.caseInsensitiveMultiMap();
    }

    /**
     * Sends a request of a call.
     *
     * @param body null for none
     * @return the response with any status, its content coding not decoded; fails when none arrived before the end of the call
     */
    public Future<OutboundResponse> send(
            BackendCallScope scope, HttpMethod method, RequestTarget target, MultiMap headers, Buffer body) {
        return send(scope, method, target, headers, body, scope.remaining());
    }

    /**
     * As {@link #send(BackendCallScope, HttpMethod, RequestTarget, MultiMap, Buffer)}, with a timeout of this request.
     *
     * @param timeout within the timeout of the call
     */
    public Future<OutboundResponse> send(
            BackendCallScope scope,
            HttpMethod method,
            RequestTarget target,
            MultiMap headers,
            Buffer body,
            Duration timeout) {
        return scope.send(
                httpClient, new OutboundRequest(method, target, headers, body), settings.maxResponseBytes(), timeout);
    }

    /**
     * Sends a request about a job, such as a poll, and parses its response as {@link #read} does. The request may take 10 s, and
     * a successful response may have 4 MiB.
     *
     * @param body null for none
     */
    public <T> Future<T> poll(
            BackendCallScope scope,
            HttpMethod method,
            RequestTarget target,
            MultiMap headers,
            Buffer body,
            Function<OutboundResponse, T> parse) {
        Duration timeout = scope.remaining().compareTo(MAX_POLL_DURATION) < 0 ? scope.remaining() : MAX_POLL_DURATION;
        OutboundRequest request = new OutboundRequest(method, target, headers, body);
        return scope.poll(() -> read(scope, request, MAX_POLL_BYTES, timeout, parse));
    }

    /**
     * Polls a job of a protocol that returns images in the response. The response may have the size of any response, and the request
     * may take a quarter of the remaining time.
     *
     * @param parse as for {@link #read}
     * @param hasImages whether a parsed response contains images. The call then keeps the memory of the response
     */
    public <T> Future<T> pollResult(
            BackendCallScope scope, RequestTarget target, Function<OutboundResponse, T> parse, Predicate<T> hasImages) {
        Duration share = scope.remaining().dividedBy(4);
        Duration timeout = share.compareTo(MAX_POLL_DURATION) > 0 ? share : MAX_POLL_DURATION;
        return scope.poll(() -> send(scope, HttpMethod.GET, target, headers(scope), null, timeout))
                .compose(encoded -> onWorker(() -> parse.apply(encoded)).onComplete(parsed -> {
                    if (parsed.failed() || !hasImages.test(parsed.result())) {
                        scope.discard(encoded);
                    }
                }));
    }

    /**
     * Sends a request of a call and parses its response on a worker thread. Does not keep the response, so any number of such
     * requests uses no memory of the call.
     *
     * @param maxBytes maximum body size of a successful response in bytes
     * @param timeout within the timeout of the call
     * @param parse parses the decoded response, which has any status and may be truncated
     * @return fails when no response arrived in time, or with the exception of {@code parse}
     */
    public <T> Future<T> read(
            BackendCallScope scope,
            OutboundRequest request,
            int maxBytes,
            Duration timeout,
            Function<OutboundResponse, T> parse) {
        return scope.send(httpClient, request, maxBytes, timeout)
                .compose(encoded -> onWorker(() -> parse.apply(ResponseContentDecoder.decode(encoded, maxBytes)))
                        .onComplete(parsed -> scope.discard(encoded)));
    }

    /**
     * Sends a request with a small response. A successful response above {@link OutboundResponse#MAX_ERROR_BYTES} is truncated.
     *
     * @param body null for none
     */
    public Future<OutboundResponse> sendSmall(
            BackendCallScope scope, HttpMethod method, RequestTarget target, MultiMap headers, Buffer body) {
        return send(scope, new OutboundRequest(method, target, headers, body), OutboundResponse.MAX_ERROR_BYTES);
    }

    /** @param maxBytes size at which a successful response is truncated */
    Future<OutboundResponse> send(BackendCallScope scope, OutboundRequest request, int maxBytes) {
        return scope.send(httpClient, request, maxBytes, scope.remaining());
    }

    /** Runs CPU-bound work on a worker thread. */
    public <T> Future<T> onWorker(Callable<T> work) {
        return workers.executeBlocking(work, false);
    }

    /**
     * Loads the input images of a request, encodes a body with them on a worker thread and sends it. The call holds the memory of the body
     * until its response has arrived.
     *
     * @param encode gets the images; its result takes at most 4/3 of their size
     * @param send sends the encoded body
     */
    public <T, R> Future<R> sendInputs(
            BackendCallScope scope, InputImages inputs, Function<LoadedInputs, T> encode, Function<T, Future<R>> send) {
        AtomicInteger reservedBytes = new AtomicInteger();
        return scope.loadInputs(inputs, loaded -> {
                    int bytes = Math.toIntExact(loaded.bytes() * 4L / 3);
                    return scope.reserveInputMemory(bytes)
                            .onSuccess(reserved -> reservedBytes.set(bytes))
                            .compose(reserved -> onWorker(() -> encode.apply(loaded)));
                })
                .compose(send)
                .onComplete(sent -> scope.releaseInputMemory(reservedBytes.get()));
    }

    /**
     * Runs the cancellation of a job, best effort.
     *
     * @return completes within 10 seconds, never fails
     */
    public Future<Void> cancel(JobReference job, Function<BackendCallScope, Future<?>> cancellation) {
        return calls.runOutsideCalls(job.key().toString(), CANCEL_TIMEOUT, keyRing.find(job.apiKey()), cancellation)
                .<Void>mapEmpty()
                .otherwiseEmpty();
    }

    /**
     * Runs requests that belong to no call with a usable API key. Their failures do not change the state of the key.
     *
     * @param key identifies the requests in logs
     * @return completes within {@code timeout}; fails when the requests do
     */
    <T> Future<T> runOutsideCalls(
            String key, Duration timeout, Function<BackendCallScope, ? extends Future<? extends T>> requests) {
        return calls.runOutsideCalls(key, timeout, keyRing.select(), requests);
    }

    /** Aborts the active calls and closes all connections. */
    public Future<Void> close() {
        keyFiles.stop();
        calls.abort();
        httpClient.close();
        return workers.close();
    }
}
