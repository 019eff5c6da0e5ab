package dev.darkroom.backend.input;

import dev.darkroom.backend.InputImage;
import dev.darkroom.backend.InputImageException;
import dev.darkroom.backend.InputImageLoader;
import dev.darkroom.backend.InputImages;
import dev.darkroom.backend.LoadedInputs;
import dev.darkroom.config.InboundSettings;
import dev.darkroom.http.HttpCallException;
import dev.darkroom.http.HttpExchange;
import dev.darkroom.http.LocalResourceErrors;
import dev.darkroom.http.OutboundHttpClient;
import dev.darkroom.http.OutboundRequest;
import dev.darkroom.http.OutboundResponse;
import dev.darkroom.http.RedirectingTarget;
import dev.darkroom.http.ResponseLimits;
import dev.darkroom.http.egress.EgressPolicy;
import dev.darkroom.http.egress.WhatwgUrl;
import dev.darkroom.image.ChunkedBytes;
import dev.darkroom.image.Image;
import dev.darkroom.image.ImageSanitizer;
import dev.darkroom.image.InvalidImageException;
import dev.darkroom.image.store.ImageNotFoundException;
import dev.darkroom.image.store.ImageStore;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Loads input images one after the other. Sends no credentials to URLs. A failed fetch is not repeated, and its failure is permanent: the
 * URL is that of the user. Worker threads ("darkroom-input-images") inspect the images. Thread-safe.
 */
public final class InputImageReader implements InputImageLoader {
    private static final int WORKER_THREADS = 2;
    private static final int MAX_REDIRECTS = 3;
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);
    private static final Duration MAX_FETCH_DURATION = Duration.ofSeconds(30);
    private static final MultiMap HEADERS = MultiMap.caseInsensitiveMultiMap().add(HttpHeaders.ACCEPT, "image/*");

    private final ImageStore imageStore;
    private final EgressPolicy egressPolicy;
    private final InboundSettings.InputImages settings;
    private final OutboundHttpClient httpClient;
    private final WorkerExecutor workers;

    /**
     * @param egressPolicy checks each URL and each redirect
     * @param maxHeaderBytes maximum size of a response head in bytes
     */
    public InputImageReader(
            Vertx vertx,
            ImageStore imageStore,
            EgressPolicy egressPolicy,
            InboundSettings.InputImages settings,
            int maxHeaderBytes) {
        this.imageStore = imageStore;
        this.egressPolicy = egressPolicy;
        this.settings = settings;
        this.httpClient = new OutboundHttpClient(vertx, CONNECT_TIMEOUT, maxHeaderBytes);
        this.workers = vertx.createSharedWorkerExecutor("darkroom-input-images", WORKER_THREADS);
    }

    @Override
    public Future<LoadedInputs> load(InputImages inputs, Call call) {
        List<Image> loaded = new ArrayList<>();
        Future<Void> all = Future.succeededFuture();
        for (InputImage input : inputs.all()) {
            all = all.compose(previous -> load(input, call)).map(image -> {
                loaded.add(image);
                return null;
            });
        }
        int count = inputs.images().size();
        return all.map(
                done -> new LoadedInputs(loaded.subList(0, count), inputs.mask() == null ? null : loaded.get(count)));
    }

    private Future<Image> load(InputImage input, Call call) {
        Future<ChunkedBytes> content = input.uploaded()
                ? call.reserveInputMemory(input.bytes()).compose(reserved -> readUpload(input))
                : fetch(input.url(), call);
        return content.compose(bytes -> {
            int held = bytes.length();
            return workers.executeBlocking(() -> inspect(bytes), false)
                    .onSuccess(image -> call.releaseInputMemory(held - image.size()));
        });
    }

    private Image inspect(ChunkedBytes bytes) {
        try {
            return ImageSanitizer.sanitize(bytes, settings.maxBytes(), settings.maxPixels());
        } catch (InvalidImageException e) {
            throw InputImageException.permanent("INPUT_IMAGE_INVALID", "An input image " + e.getMessage() + ".");
        }
    }

    private Future<ChunkedBytes> readUpload(InputImage uploaded) {
        ChunkedBytes.Builder bytes = new ChunkedBytes.Builder();
        return imageStore
                .open(uploaded.storageKey(), 0, uploaded.bytes())
                .compose(content ->
                        content.readBlocks(uploaded.bytes(), bytes::append).eventually(content::close))
                .map(read -> bytes.build())
                .recover(error -> Future.failedFuture(
                        error instanceof ImageNotFoundException
                                ? InputImageException.permanent(
                                        "INPUT_IMAGE_NOT_FOUND", "An uploaded image does not exist any more.")
                                : InputImageException.internal(error)));
    }

    private Future<ChunkedBytes> fetch(String url, Call call) {
        WhatwgUrl parsed = WhatwgUrl.parse(url);
        if (parsed == null) {
            return Future.failedFuture(notAllowed());
        }
        // Keeps half of the time in reserve, so that an unresponsive server causes no timeout of the call.
        Duration share = call.remaining().dividedBy(2);
        Duration timeout = share.compareTo(MAX_FETCH_DURATION) < 0 ? share : MAX_FETCH_DURATION;
        boolean fits = call.memory().isWithinLimit(settings.maxBytes());
        HttpExchange exchange = new HttpExchange();
        call.onEnd(exchange::abort);
        return httpClient
                .send(
                        exchange,
                        new OutboundRequest(
                                HttpMethod.GET,
                                new RedirectingTarget(parsed, egressPolicy, MAX_REDIRECTS),
                                HEADERS,
                                null),
                        new ResponseLimits(timeout, settings.maxBytes(), call.memory(), true))
                .recover(error -> Future.failedFuture(toInputException((HttpCallException) error)))
                .map(response -> requireImage(response, fits));
    }

    private static InputImageException toInputException(HttpCallException error) {
        if (LocalResourceErrors.isResourceExhausted(error)) {
            return InputImageException.internal(error.getCause());
        }
        return error.reason() == HttpCallException.Reason.ADDRESS_NOT_ALLOWED
                ? notAllowed()
                : notFetched("no response");
    }

    /** @param fits whether the call has memory for an image of any permitted size */
    private static ChunkedBytes requireImage(OutboundResponse response, boolean fits) {
        if (!response.success()) {
            throw notFetched("status " + response.status());
        }
        if (response.truncated()) {
            throw fits
                    ? InputImageException.permanent("INPUT_IMAGE_INVALID", "An input image is too large.")
                    : InputImageException.tooLarge();
        }
        return response.body();
    }

    private static InputImageException notFetched(String reason) {
        return InputImageException.permanent(
                "INPUT_IMAGE_NOT_FETCHED", "An input image could not be fetched from its URL (" + reason + ").");
    }

    private static InputImageException notAllowed() {
        return InputImageException.permanent(
                "INPUT_IMAGE_URL_NOT_ALLOWED", "The URL of an input image does not lead to a public address.");
    }

    /** Closes all connections. */
    public Future<Void> close() {
        return httpClient.close().eventually(workers::close);
    }
}
