package dev.darkroom.backend.http;

import dev.darkroom.backend.Failure;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.config.Settings;
import dev.darkroom.egress.BrowserUrl;
import dev.darkroom.egress.Egress;
import dev.darkroom.egress.RefusedUrlException;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import java.time.Duration;

/**
 * Fetches a picture from the URL under which an AI server announced it. A download that fails is tried again, so that a
 * picture that was already made and paid for is not made once more. No credentials are ever sent along. Thread-safe.
 */
public final class PictureDownload {
    private static final MultiMap HEADERS = MultiMap.caseInsensitiveMultiMap().add(HttpHeaders.ACCEPT, "image/*");
    private static final Duration FIRST_BACKOFF = Duration.ofMillis(100);

    private final HttpCaller http;
    private final Settings.Backend settings;
    private final Egress egress;

    /** @param egress judges the URL and each redirect */
    public PictureDownload(HttpCaller http, Settings.Backend settings, Egress egress) {
        this.http = http;
        this.settings = settings;
        this.egress = egress;
    }

    /**
     * Downloads.
     *
     * @param url as the AI server gave it, not to be trusted
     * @return the answer with the bytes, neither decoded nor looked at; fails with a {@link CallFailedException}
     */
    public Future<Answer> fetch(CallScope scope, String url) {
        BrowserUrl parsed = BrowserUrl.parse(url);
        return parsed == null ? Future.failedFuture(invalid()) : attempt(scope, parsed, 1);
    }

    private Future<Answer> attempt(CallScope scope, BrowserUrl url, int number) {
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

    private Future<Answer> hop(CallScope scope, BrowserUrl url, int redirects, Duration limit) {
        long start = System.nanoTime();
        return egress.judge(url.outbound())
                .compose(destination -> http.send(
                        scope,
                        new HttpCaller.Request(HttpMethod.GET, destination, HEADERS, null),
                        settings.maxPictureBytes(),
                        left(limit, start)))
                .recover(cause -> Future.failedFuture(unreachable(url, cause)))
                .compose(answer -> {
                    String location = answer.headers().get("Location");
                    if (answer.status() < 300 || answer.status() >= 400 || location == null) {
                        return Future.succeededFuture(whole(answer));
                    }
                    if (redirects >= settings.maxRedirects()) {
                        throw new CallFailedException(Failure.of(
                                FailureClass.RESULT_FETCH,
                                "TOO_MANY_REDIRECTS",
                                "The announced picture was redirected too often."));
                    }
                    BrowserUrl next = url.resolve(location);
                    if (next == null) {
                        throw invalid();
                    }
                    return hop(scope, next, redirects + 1, left(limit, start));
                });
    }

    private static Answer whole(Answer answer) {
        int status = answer.status();
        if (answer.success()) {
            if (answer.cutOff()) {
                throw new CallFailedException(Failure.of(
                        FailureClass.EMPTY_SUCCESS,
                        "RESPONSE_TOO_LARGE",
                        "The announced picture is larger than allowed."));
            }
            return answer;
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

    private static Duration left(Duration limit, long start) {
        Duration left = limit.minusNanos(System.nanoTime() - start);
        return left.isNegative() ? Duration.ZERO : left;
    }

    private static CallFailedException unreachable(BrowserUrl url, Throwable cause) {
        if (cause instanceof RefusedUrlException refused && !refused.unknownHost()) {
            return new CallFailedException(Failure.of(
                            FailureClass.TERMINAL_AUTH,
                            "PICTURE_URL_REFUSED",
                            "The AI server announced a picture at an address that Darkroom may not call.")
                    .withDetail(
                            "not in backend.downloadNetworks: " + url.outbound().origin()));
        }
        if (cause instanceof CallFailedException failed && failed.failure().failureClass() == FailureClass.INTERNAL) {
            return failed;
        }
        String why = cause instanceof CallFailedException failed
                ? failed.failure().code()
                : cause instanceof RefusedUrlException ? "UNKNOWN_HOST" : cause.toString();
        return new CallFailedException(Failure.of(
                        FailureClass.RESULT_FETCH, "DOWNLOAD_FAILED", "The announced picture could not be downloaded.")
                .withDetail("download: " + why));
    }

    private static CallFailedException invalid() {
        return new CallFailedException(Failure.of(
                FailureClass.EMPTY_SUCCESS,
                "INVALID_URL",
                "The AI server announced a picture under an address that is no web address."));
    }
}
