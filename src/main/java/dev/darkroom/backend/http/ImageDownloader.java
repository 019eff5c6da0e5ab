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
 * Fetches a picture from the URL under which an AI server announced it. A download that fails is tried again, so that a
 * picture that was already made and paid for is not made once more. No credentials are ever sent along. Thread-safe.
 */
public final class ImageDownloader {
    private static final MultiMap HEADERS = MultiMap.caseInsensitiveMultiMap().add(HttpHeaders.ACCEPT, "image/*");
    private static final Duration FIRST_BACKOFF = Duration.ofMillis(100);

    private final BackendHttpClient httpClient;
    private final Settings.Backend settings;
    private final EgressPolicy egressPolicy;

    /** @param egressPolicy judges the URL and each redirect */
    public ImageDownloader(BackendHttpClient http, Settings.Backend settings, EgressPolicy egressPolicy) {
        this.httpClient = http;
        this.settings = settings;
        this.egressPolicy = egressPolicy;
    }

    /**
     * Downloads.
     *
     * @param url as the AI server gave it, not to be trusted
     * @return the answer with the bytes, neither decoded nor looked at; fails with a {@link BackendCallException}
     */
    public Future<BackendResponse> fetch(BackendCallScope scope, String url) {
        WhatwgUrl parsed = WhatwgUrl.parse(url);
        return parsed == null ? Future.failedFuture(invalidUrl()) : attemptDownload(scope, parsed, 1);
    }

    private Future<BackendResponse> attemptDownload(BackendCallScope scope, WhatwgUrl url, int number) {
        // One share is kept back, so that a server which never answers ends as a failed download and not as a deadline.
        Duration limit = scope.remaining().dividedBy(settings.downloadAttempts() - number + 2L);
        return followUrl(scope, url, 0, limit).recover(cause -> {
            boolean again = cause instanceof BackendCallException failed
                    && (failed.failure().failureClass() == FailureClass.RESULT_FETCH
                            || failed.failure().failureClass() == FailureClass.INTERNAL)
                    && !failed.failure().code().equals("TOO_MANY_REDIRECTS");
            if (!again || number >= settings.downloadAttempts() || scope.ended()) {
                return Future.failedFuture(cause);
            }
            Duration backoff = FIRST_BACKOFF.multipliedBy(1L << Math.min(number - 1, 6));
            return scope.delay(backoff).compose(v -> attemptDownload(scope, url, number + 1));
        });
    }

    private Future<BackendResponse> followUrl(BackendCallScope scope, WhatwgUrl url, int redirects, Duration limit) {
        long start = System.nanoTime();
        return egressPolicy
                .resolve(url.toOutboundUrl())
                .compose(httpDestination -> httpClient.send(
                        scope,
                        new BackendHttpClient.Request(HttpMethod.GET, httpDestination, HEADERS, null),
                        settings.maxImageBytes(),
                        remaining(limit, start)))
                .recover(cause -> Future.failedFuture(toDownloadException(url, cause)))
                .compose(backendResponse -> {
                    String location = backendResponse.headers().get("Location");
                    if (backendResponse.status() < 300 || backendResponse.status() >= 400 || location == null) {
                        return Future.succeededFuture(requireSuccess(backendResponse));
                    }
                    if (redirects >= settings.maxRedirects()) {
                        throw new BackendCallException(BackendFailure.of(
                                FailureClass.RESULT_FETCH,
                                "TOO_MANY_REDIRECTS",
                                "The announced picture was redirected too often."));
                    }
                    WhatwgUrl next = url.resolve(location);
                    if (next == null) {
                        throw invalidUrl();
                    }
                    return followUrl(scope, next, redirects + 1, remaining(limit, start));
                });
    }

    private static BackendResponse requireSuccess(BackendResponse backendResponse) {
        int status = backendResponse.status();
        if (backendResponse.success()) {
            if (backendResponse.truncated()) {
                throw new BackendCallException(BackendFailure.of(
                        FailureClass.EMPTY_SUCCESS,
                        "RESPONSE_TOO_LARGE",
                        "The announced picture is larger than allowed."));
            }
            return backendResponse;
        }
        boolean gone = status >= 400 && status < 500 && status != 408 && status != 425 && status != 429;
        throw new BackendCallException(
                gone
                        ? BackendFailure.of(
                                        FailureClass.BACKEND_LOST,
                                        "PICTURE_GONE",
                                        "The announced picture is not to be had.")
                                .withHttpStatus(status)
                        : BackendFailure.of(
                                        FailureClass.RESULT_FETCH,
                                        "DOWNLOAD_FAILED",
                                        "The announced picture could not be downloaded.")
                                .withHttpStatus(status));
    }

    private static Duration remaining(Duration limit, long start) {
        Duration left = limit.minusNanos(System.nanoTime() - start);
        return left.isNegative() ? Duration.ZERO : left;
    }

    private static BackendCallException toDownloadException(WhatwgUrl url, Throwable cause) {
        if (cause instanceof RejectedUrlException refused && !refused.unknownHost()) {
            return new BackendCallException(BackendFailure.of(
                            FailureClass.TERMINAL_AUTH,
                            "PICTURE_URL_REFUSED",
                            "The AI server announced a picture at an address that Darkroom may not call.")
                    .withDetail("not in backend.downloadNetworks: "
                            + url.toOutboundUrl().origin()));
        }
        if (cause instanceof BackendCallException failed && failed.failure().failureClass() == FailureClass.INTERNAL) {
            return failed;
        }
        String why = cause instanceof BackendCallException failed
                ? failed.failure().code()
                : cause instanceof RejectedUrlException ? "UNKNOWN_HOST" : cause.toString();
        return new BackendCallException(BackendFailure.of(
                        FailureClass.RESULT_FETCH, "DOWNLOAD_FAILED", "The announced picture could not be downloaded.")
                .withDetail("download: " + why));
    }

    private static BackendCallException invalidUrl() {
        return new BackendCallException(BackendFailure.of(
                FailureClass.EMPTY_SUCCESS,
                "INVALID_URL",
                "The AI server announced a picture under an address that is no web address."));
    }
}
