package dev.darkroom.backend.http;

import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.http.HttpCallException;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.util.function.Supplier;

/**
 * Polls a job until it has ended. Repeats a failed poll until the end of the call, because the job goes on meanwhile and a new
 * submission would do its work twice. Confined to the context of the call.
 *
 * @param <T> result of the job
 */
public final class JobPoller<T> {
    /** The interval doubles with each poll up to this multiple of the first one. */
    private static final int MAX_FACTOR = 4;

    private final BackendCallScope scope;
    private final Duration maxInterval;
    private final Supplier<Future<T>> poll;
    private final Promise<T> result = Promise.promise();

    private JobPoller(BackendCallScope scope, Duration firstInterval, Supplier<Future<T>> poll) {
        this.scope = scope;
        this.maxInterval = firstInterval.multipliedBy(MAX_FACTOR);
        this.poll = poll;
    }

    /**
     * Polls at once, and then until the job has ended.
     *
     * @param firstInterval time between the first two polls
     * @param poll polls once; completes with null while the job runs
     * @return the result of the first poll that has one; fails when a poll shows that further ones are useless, when the AI server
     *     is unreachable and no request of the call was sent, and at the end of the call
     */
    public static <T> Future<T> poll(BackendCallScope scope, Duration firstInterval, Supplier<Future<T>> poll) {
        JobPoller<T> poller = new JobPoller<>(scope, firstInterval, poll);
        poller.pollOnce(firstInterval);
        return poller.result.future();
    }

    private void pollOnce(Duration interval) {
        poll.get()
                .onSuccess(found -> {
                    if (found == null) {
                        pollAfter(interval, interval);
                    } else {
                        result.complete(found);
                    }
                })
                .onFailure(cause -> {
                    if (scope.ended() || isUnreachable(cause) || isFinal(cause)) {
                        result.fail(cause);
                    } else {
                        pollAfter(longer(interval, requestedDelay(cause)), interval);
                    }
                });
    }

    private void pollAfter(Duration delay, Duration interval) {
        Duration doubled = interval.multipliedBy(2);
        scope.delay(delay)
                .onSuccess(elapsed -> pollOnce(doubled.compareTo(maxInterval) < 0 ? doubled : maxInterval))
                .onFailure(result::fail);
    }

    /** Returns true when a look-up has not reached the AI server, so that it can be repeated later without holding a permit. */
    private boolean isUnreachable(Throwable cause) {
        return !scope.sent()
                && cause instanceof HttpCallException failed
                && TransportErrorClassifier.classify(failed).failureClass() == FailureClass.NOT_SENT;
    }

    /** Returns true for a failure of the job or of its result, and for a rejection by the AI server. */
    private static boolean isFinal(Throwable cause) {
        if (!(cause instanceof BackendCallException failed)) {
            return false;
        }
        BackendFailure failure = failed.failure();
        return switch (failure.failureClass()) {
            case NOT_SENT, REJECTED_RETRYABLE, SERVER_ERROR, AMBIGUOUS, RESULT_STORE, INTERNAL -> false;
            case INVALID_RESULT -> !failure.code().equals("MALFORMED_RESPONSE");
            case RESULT_LOST, RESULT_DOWNLOAD, TERMINAL_INPUT, TERMINAL_AUTH, MODERATED -> true;
        };
    }

    private static Duration requestedDelay(Throwable cause) {
        return cause instanceof BackendCallException failed ? failed.failure().retryAfter() : null;
    }

    private static Duration longer(Duration interval, Duration requested) {
        return requested != null && requested.compareTo(interval) > 0 ? requested : interval;
    }
}
