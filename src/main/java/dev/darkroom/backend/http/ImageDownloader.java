package dev.darkroom.backend.http;

import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.config.BackendSettings;
import dev.darkroom.http.HttpCallException;
import dev.darkroom.http.OutboundHttpClient;
import dev.darkroom.http.OutboundRequest;
import dev.darkroom.http.OutboundResponse;
import dev.darkroom.http.RedirectingTarget;
import dev.darkroom.http.RequestTarget;
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
 *
 * @param egressPolicy checks the URL and each redirect
 */
public record ImageDownloader(OutboundHttpClient httpClient, BackendSettings settings, EgressPolicy egressPolicy) {
    private static final MultiMap HEADERS = MultiMap.caseInsensitiveMultiMap().add(HttpHeaders.ACCEPT, "image/*");
    private static final BackendFailure DOWNLOAD_FAILED = BackendFailure.of(
            FailureClass.RESULT_DOWNLOAD, "DOWNLOAD_FAILED", "The image of the AI server could not be downloaded.");
    private static final Duration FIRST_BACKOFF = Duration.ofMillis(100);

    /**
     * Downloads an image.
     *
     * @param url untrusted URL from the response of the AI server
     * @return the successful response, its body neither decoded nor inspected; fails with a {@link BackendCallException}
     */
    public Future<OutboundResponse> fetch(BackendCallScope scope, String url) {
        WhatwgUrl parsed = WhatwgUrl.parse(url);
        if (parsed == null) {
            return Future.failedFuture(invalidUrl());
        }
        RequestTarget target = new RedirectingTarget(parsed, egressPolicy, settings.maxRedirects());
        return fetch(scope, new OutboundRequest(HttpMethod.GET, target, HEADERS, null));
    }

    /** As {@link #fetch(BackendCallScope, String)}, with a request for an image of the AI server itself. */
    Future<OutboundResponse> fetch(BackendCallScope scope, OutboundRequest request) {
        return attemptDownload(scope, request, 1);
    }

    private Future<OutboundResponse> attemptDownload(BackendCallScope scope, OutboundRequest request, int attempt) {
        // Keeps one share of the time in reserve, so that an unresponsive server causes a download failure and no
        // timeout.
        Duration timeout = scope.remaining().dividedBy(settings.downloadAttempts() - attempt + 2L);
        Future<OutboundResponse> download = scope.send(httpClient, request, settings.maxImageBytes(), timeout)
                .recover(cause -> Future.failedFuture(toDownloadException((HttpCallException) cause)))
                .map(ImageDownloader::requireSuccess);
        return download.recover(cause -> {
            boolean retryable = cause instanceof BackendCallException failed
                    && (failed.failure().failureClass() == FailureClass.RESULT_DOWNLOAD
                            || failed.failure().failureClass() == FailureClass.INTERNAL)
                    && !failed.failure().code().equals("TOO_MANY_REDIRECTS");
            if (!retryable || attempt >= settings.downloadAttempts() || scope.ended()) {
                return Future.failedFuture(cause);
            }
            Duration backoff = FIRST_BACKOFF.multipliedBy(1L << Math.min(attempt - 1, 6));
            return scope.delay(backoff).compose(v -> attemptDownload(scope, request, attempt + 1));
        });
    }

    private static OutboundResponse requireSuccess(OutboundResponse outboundResponse) {
        int status = outboundResponse.status();
        if (outboundResponse.success()) {
            if (outboundResponse.truncated()) {
                throw BackendCallException.invalidResult(
                        "RESPONSE_TOO_LARGE", "The image of the AI server exceeds the size limit.");
            }
            return outboundResponse;
        }
        boolean gone = status >= 400 && status < 500 && status != 408 && status != 425 && status != 429;
        throw new BackendCallException(
                gone
                        ? BackendFailure.of(
                                        FailureClass.RESULT_LOST,
                                        "IMAGE_NOT_FOUND",
                                        "The image URL of the AI server does not exist.")
                                .withHttpStatus(status)
                        : DOWNLOAD_FAILED.withHttpStatus(status));
    }

    private static BackendCallException toDownloadException(HttpCallException cause) {
        if (cause.getCause() instanceof RejectedUrlException rejected && !rejected.unknownHost()) {
            return new BackendCallException(BackendFailure.of(
                            FailureClass.TERMINAL_AUTH,
                            "IMAGE_URL_NOT_ALLOWED",
                            "The image URL of the AI server points to an address that Darkroom does not allow.")
                    .withDetail(
                            "not in backend.downloadNetworks: " + rejected.url().origin()));
        }
        return switch (cause.reason()) {
            case INVALID_REDIRECT -> invalidUrl();
            case TOO_MANY_REDIRECTS ->
                new BackendCallException(BackendFailure.of(
                        FailureClass.RESULT_DOWNLOAD,
                        "TOO_MANY_REDIRECTS",
                        "The image URL of the AI server exceeded the limit of redirects."));
            case ADDRESS_NOT_ALLOWED -> downloadFailed("UNKNOWN_HOST");
            case DNS_LOOKUP_FAILED -> downloadFailed(cause.getCause().toString());
            default -> {
                BackendFailure failure = TransportErrorClassifier.classify(cause);
                yield failure.failureClass() == FailureClass.INTERNAL
                        ? new BackendCallException(failure)
                        : downloadFailed(failure.code());
            }
        };
    }

    private static BackendCallException downloadFailed(String reason) {
        return new BackendCallException(DOWNLOAD_FAILED.withDetail("download: " + reason));
    }

    private static BackendCallException invalidUrl() {
        return BackendCallException.invalidResult(
                "INVALID_IMAGE_URL", "The AI server returned an image URL that is not a valid HTTP or HTTPS URL.");
    }
}
