package dev.darkroom.backend.http;

import dev.darkroom.backend.Failure;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.config.Settings;
import dev.darkroom.egress.Destination;
import dev.darkroom.egress.OutboundUrl;
import dev.darkroom.image.Blocks;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.Locale;

/**
 * Fetches a picture from the URL under which an AI server announced it. A download that fails is tried again, so that a
 * picture that was already made and paid for is not made once more. No credentials are ever sent along. Thread-safe.
 */
public final class PictureDownload {
    private static final MultiMap HEADERS = MultiMap.caseInsensitiveMultiMap().add(HttpHeaders.ACCEPT, "image/*");
    private static final Duration FIRST_BACKOFF = Duration.ofMillis(100);

    private final HttpCaller http;
    private final Settings.Backend settings;

    public PictureDownload(HttpCaller http, Settings.Backend settings) {
        this.http = http;
        this.settings = settings;
    }

    /**
     * Downloads.
     *
     * @param url as the AI server gave it, not to be trusted
     * @return the bytes, not yet looked at; fails with a {@link CallFailedException}
     */
    public Future<Blocks> fetch(CallScope scope, String url) {
        try {
            return attempt(scope, checked(url), 1);
        } catch (CallFailedException e) {
            return Future.failedFuture(e);
        }
    }

    private Future<Blocks> attempt(CallScope scope, URI url, int number) {
        // One share is kept back, so that a server which never answers ends as a failed download and not as a deadline.
        Duration limit = scope.remaining().dividedBy(settings.downloadAttempts() - number + 2L);
        return hop(scope, url, 0, limit).recover(cause -> {
            boolean again = cause instanceof CallFailedException failed
                    && (failed.failure().failureClass() == FailureClass.RESULT_FETCH
                            || failed.failure().failureClass() == FailureClass.INTERNAL)
                    && !failed.failure().code().equals("TOO_MANY_REDIRECTS");
            if (!again || number >= settings.downloadAttempts() || scope.over()) {
                return Future.failedFuture(cause);
            }
            Duration backoff = FIRST_BACKOFF.multipliedBy(1L << Math.min(number - 1, 6));
            return scope.pause(backoff).compose(v -> attempt(scope, url, number + 1));
        });
    }

    private Future<Blocks> hop(CallScope scope, URI url, int redirects, Duration limit) {
        long start = System.nanoTime();
        HttpCaller.Request request =
                new HttpCaller.Request(HttpMethod.GET, Destination.configured(OutboundUrl.of(url)), HEADERS, null);
        return http.send(scope, request, settings.maxPictureBytes(), limit)
                .recover(cause -> Future.failedFuture(unreachable(cause)))
                .compose(answer -> {
                    String location = answer.headers().get("Location");
                    if (answer.status() < 300 || answer.status() >= 400 || location == null) {
                        return Future.succeededFuture(body(answer));
                    }
                    if (redirects >= settings.maxRedirects()) {
                        throw new CallFailedException(Failure.of(
                                FailureClass.RESULT_FETCH,
                                "TOO_MANY_REDIRECTS",
                                "The announced picture was redirected too often."));
                    }
                    Duration left = limit.minusNanos(System.nanoTime() - start);
                    return hop(scope, resolved(url, location), redirects + 1, left.isNegative() ? Duration.ZERO : left);
                });
    }

    private static Blocks body(Answer answer) {
        int status = answer.status();
        if (answer.success()) {
            if (answer.cutOff()) {
                throw new CallFailedException(Failure.of(
                        FailureClass.EMPTY_SUCCESS,
                        "RESPONSE_TOO_LARGE",
                        "The announced picture is larger than allowed."));
            }
            return answer.body();
        }
        boolean gone = status >= 400 && status < 500 && status != 408 && status != 425 && status != 429;
        throw new CallFailedException(
                gone
                        ? Failure.of(
                                        FailureClass.BACKEND_LOST,
                                        "PICTURE_GONE",
                                        "The announced picture is not to be had.")
                                .withHttpStatus(status)
                        : Failure.of(
                                        FailureClass.RESULT_FETCH,
                                        "DOWNLOAD_FAILED",
                                        "The announced picture could not be downloaded.")
                                .withHttpStatus(status));
    }

    private static CallFailedException unreachable(Throwable cause) {
        if (cause instanceof CallFailedException failed && failed.failure().failureClass() == FailureClass.INTERNAL) {
            return failed;
        }
        String why =
                cause instanceof CallFailedException failed ? failed.failure().code() : cause.toString();
        return new CallFailedException(Failure.of(
                        FailureClass.RESULT_FETCH, "DOWNLOAD_FAILED", "The announced picture could not be downloaded.")
                .withDetail("download: " + why));
    }

    private static URI resolved(URI from, String location) {
        try {
            return checked(from.resolve(new URI(location)).toString());
        } catch (URISyntaxException e) {
            throw invalid();
        }
    }

    private static URI checked(String text) {
        try {
            URI url = new URI(text);
            String scheme = url.getScheme() == null ? "" : url.getScheme().toLowerCase(Locale.ROOT);
            if (url.getHost() != null && (scheme.equals("http") || scheme.equals("https"))) {
                return url;
            }
        } catch (URISyntaxException e) {
            // Refused below, with everything else that is no web address.
        }
        throw invalid();
    }

    private static CallFailedException invalid() {
        return new CallFailedException(Failure.of(
                FailureClass.EMPTY_SUCCESS,
                "INVALID_URL",
                "The AI server announced a picture under an address that is no web address."));
    }
}
