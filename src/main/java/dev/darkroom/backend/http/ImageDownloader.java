package dev.darkroom.backend.http;

import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.config.Settings;
import dev.darkroom.http.egress.EgressPolicy;
import dev.darkroom.http.egress.RejectedUrlException;
import dev.darkroom.http.egress.WhatwgUrl;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import java.time.Duration;

/**
 * Downloads an image from a URL returned by an AI server. Retries a failed download, so that an image already generated
 * and billed is not generated again. Sends no credentials. Thread-safe.
 */
public final class ImageDownloader {
    private static final MultiMap HEADERS = MultiMap.caseInsensitiveMultiMap().add(HttpHeaders.ACCEPT, "image/*");
    private static final Duration FIRST_BACKOFF = Duration.ofMillis(100);

    private final BackendHttpClient httpClient;
    private final Settings.Backend settings;
    private final EgressPolicy egressPolicy;

    /** @param egressPolicy checks the URL and each redirect */
    public ImageDownloader(BackendHttpClient httpClient, Settings.Backend settings, EgressPolicy egressPolicy) {
        this.httpClient = httpClient;
        this.settings = settings;
        this.egressPolicy = egressPolicy;
    }

    /**
     * Downloads an image.
     *
     * @param url untrusted URL from the response of the AI server
     * @return the successful response, its body neither decoded nor inspected; fails with a {@link BackendCallException}
     */
    public Future<BackendResponse> fetch(BackendCallScope scope, String url) {
        WhatwgUrl parsed = WhatwgUrl.parse(url);
        return parsed == null ? Future.failedFuture(invalidUrl()) : attemptDownload(scope, parsed, 1);
    }

    private Future<BackendResponse> attemptDownload(BackendCallScope scope, WhatwgUrl url, int attempt) {
        // Keeps one share of the time in reserve, so that an unresponsive server causes a download failure and no
        // timeout.
        Duration timeout = scope.remaining().dividedBy(settings.downloadAttempts() - attempt + 2L);
        return followUrl(scope, url, 0, timeout).recover(cause -> {
            boolean retryable = cause instanceof BackendCallException failed
                    && (failed.failure().failureClass() == FailureClass.RESULT_DOWNLOAD
                            || failed.failure().failureClass() == FailureClass.INTERNAL)
                    && !failed.failure().code().equals("TOO_MANY_REDIRECTS");
            if (!retryable || attempt >= settings.downloadAttempts() || scope.ended()) {
                return Future.failedFuture(cause);
            }
            Duration backoff = FIRST_BACKOFF.multipliedBy(1L << Math.min(attempt - 1, 6));
            return scope.delay(backoff).compose(v -> attemptDownload(scope, url, attempt + 1));
        });
    }

    private Future<BackendResponse> followUrl(BackendCallScope scope, WhatwgUrl url, int redirects, Duration timeout) {
        long start = System.nanoTime();
        return egressPolicy
                .resolve(url.toOutboundUrl())
                .compose(httpDestination -> httpClient.send(
                        scope,
                        new BackendHttpClient.Request(HttpMethod.GET, httpDestination, HEADERS, null),
                        settings.maxImageBytes(),
                        remaining(timeout, start)))
                .recover(cause -> Future.failedFuture(toDownloadException(url, cause)))
                .compose(backendResponse -> {
                    String location = backendResponse.headers().get("Location");
                    if (backendResponse.status() < 300 || backendResponse.status() >= 400 || location == null) {
                        return Future.succeededFuture(requireSuccess(backendResponse));
                    }
                    if (redirects >= settings.maxRedirects()) {
                        throw new BackendCallException(BackendFailure.of(
                                FailureClass.RESULT_DOWNLOAD,
                                "TOO_MANY_REDIRECTS",
                                "The image URL of the AI server exceeded the limit of redirects."));
                    }
                    WhatwgUrl next = url.resolve(location);
                    if (next == null) {
                        throw invalidUrl();
                    }
                    return followUrl(scope, next, redirects + 1, remaining(timeout, start));
                });
    }

    private static BackendResponse requireSuccess(BackendResponse backendResponse) {
        int status = backendResponse.status();
        if (backendResponse.success()) {
            if (backendResponse.truncated()) {
                throw new BackendCallException(BackendFailure.of(
                        FailureClass.INVALID_RESULT,
                        "RESPONSE_TOO_LARGE",
                        "The image of the AI server exceeds the size limit."));
            }
            return backendResponse;
        }
        boolean gone = status >= 400 && status < 500 && status != 408 && status != 425 && status != 429;
        throw new BackendCallException(
                gone
                        ? BackendFailure.of(
                                        FailureClass.RESULT_LOST,
                                        "IMAGE_NOT_FOUND",
                                        "The image URL of the AI server does not exist.")
                                .withHttpStatus(status)
                        : BackendFailure.of(
                                        FailureClass.RESULT_DOWNLOAD,
                                        "DOWNLOAD_FAILED",
                                        "The image of the AI server could not be downloaded.")
                                .withHttpStatus(status));
    }

    private static Duration remaining(Duration timeout, long start) {
        Duration remaining = timeout.minusNanos(System.nanoTime() - start);
        return remaining.isNegative() ? Duration.ZERO : remaining;
    }

    private static BackendCallException toDownloadException(WhatwgUrl url, Throwable cause) {
        if (cause instanceof RejectedUrlException rejected && !rejected.unknownHost()) {
            return new BackendCallException(BackendFailure.of(
                            FailureClass.TERMINAL_AUTH,
                            "IMAGE_URL_NOT_ALLOWED",
                            "The image URL of the AI server points to an address that Darkroom does not allow.")
                    .withDetail("not in backend.downloadNetworks: "
                            + url.toOutboundUrl().origin()));
        }
        if (cause instanceof BackendCallException failed && failed.failure().failureClass() == FailureClass.INTERNAL) {
            return failed;
        }
        String reason = cause instanceof BackendCallException failed
                ? failed.failure().code()
                : cause instanceof RejectedUrlException ? "UNKNOWN_HOST" : cause.toString();
        return new BackendCallException(BackendFailure.of(
                        FailureClass.RESULT_DOWNLOAD,
                        "DOWNLOAD_FAILED",
                        "The image of the AI server could not be downloaded.")
                .withDetail("download: " + reason));
    }

    private static BackendCallException invalidUrl() {
        return new BackendCallException(BackendFailure.of(
                FailureClass.INVALID_RESULT,
                "INVALID_IMAGE_URL",
                "The AI server returned an image URL that is not a valid HTTP or HTTPS URL."));
    }
}
