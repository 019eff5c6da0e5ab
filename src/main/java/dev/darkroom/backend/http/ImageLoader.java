package dev.darkroom.backend.http;

import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.config.BackendSettings;
import dev.darkroom.http.OutboundRequest;
import dev.darkroom.http.OutboundResponse;
import dev.darkroom.http.RequestTarget;
import dev.darkroom.image.ChunkedBytes;
import dev.darkroom.image.Image;
import dev.darkroom.image.ImageInspector;
import dev.darkroom.image.ImageMetadataFilter;
import dev.darkroom.image.InvalidImageException;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import java.util.List;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/**
 * Loads the images of a response at the same time: downloads them if necessary, and inspects them on worker threads. Each load returns
 * the images in the order of their sources, or fails with the first failure. Thread-safe.
 */
public final class ImageLoader {
    private final ImageDownloader downloader;
    private final BackendSettings settings;
    private final Function<BackendCallScope, MultiMap> credentials;
    private final WorkerExecutor workers;

    /** @param credentials returns the headers with the credentials of a request to the AI server itself */
    ImageLoader(
            ImageDownloader downloader,
            BackendSettings settings,
            Function<BackendCallScope, MultiMap> credentials,
            WorkerExecutor workers) {
        this.downloader = downloader;
        this.settings = settings;
        this.credentials = credentials;
        this.workers = workers;
    }

    /** Loads images from bytes or untrusted URLs. Downloads without credentials. */
    public Future<BackendOutcome> load(BackendCallScope scope, List<ImageSource> sources) {
        return loadAll(
                scope,
                sources,
                source -> source instanceof ImageSource.Link link
                        ? inspect(downloader.fetch(scope, link.url()), UnaryOperator.identity())
                        : inspect(((ImageSource.Inline) source).bytes(), UnaryOperator.identity()));
    }

    /** Inspects images without their metadata. */
    public Future<BackendOutcome> loadWithoutMetadata(BackendCallScope scope, List<ChunkedBytes> images) {
        return loadAll(scope, images, bytes -> inspect(bytes, ImageMetadataFilter::removeMetadata));
    }

    /** Downloads images from the AI server itself, with credentials and without redirects. Removes their metadata. */
    public Future<BackendOutcome> downloadWithoutMetadata(BackendCallScope scope, List<RequestTarget> targets) {
        MultiMap headers = credentials.apply(scope).add(HttpHeaders.ACCEPT, "image/*");
        return loadAll(
                scope,
                targets,
                target -> inspect(
                        downloader.fetch(scope, new OutboundRequest(HttpMethod.GET, target, headers, null)),
                        ImageMetadataFilter::removeMetadata));
    }

    private static <T> Future<BackendOutcome> loadAll(
            BackendCallScope scope, List<T> sources, Function<T, Future<Image>> load) {
        List<Future<Image>> images = sources.stream().map(load).toList();
        // The first failure ends the call while worker threads may still inspect the other images.
        scope.retainMemoryUntil(Future.join(images));
        return Future.all(images).map(loaded -> new BackendOutcome.Generated(loaded.list()));
    }

    private Future<Image> inspect(Future<OutboundResponse> download, UnaryOperator<ChunkedBytes> filter) {
        return download.compose(response -> workers.executeBlocking(() -> toImage(decode(response), filter), false));
    }

    private Future<Image> inspect(ChunkedBytes bytes, UnaryOperator<ChunkedBytes> filter) {
        return workers.executeBlocking(() -> toImage(bytes, filter), false);
    }

    private ChunkedBytes decode(OutboundResponse download) {
        OutboundResponse decoded = ResponseContentDecoder.decode(download, settings.maxImageBytes());
        if (decoded.truncated()) {
            throw BackendCallException.invalidResult(
                    "RESPONSE_TOO_LARGE", "The image of the AI server exceeds the size limit.");
        }
        return decoded.body();
    }

    private Image toImage(ChunkedBytes bytes, UnaryOperator<ChunkedBytes> filter) {
        try {
            return ImageInspector.inspect(filter.apply(bytes), settings.maxImageBytes());
        } catch (InvalidImageException e) {
            throw BackendCallException.invalidResult(
                    "INVALID_IMAGE", "The AI server returned data that is not a complete image.", e.getMessage());
        }
    }
}
