package dev.darkroom.backend.http;

import dev.darkroom.backend.BackendCall;
import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.backend.key.BackendKey;
import dev.darkroom.backend.key.BackendKeyRing;
import dev.darkroom.backend.key.BackendKeyUse;
import dev.darkroom.config.Secret;
import dev.darkroom.http.LogTextRedactor;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/**
 * Runs the calls of one AI server with its API keys, and redacts the details of their failures. Thread-safe; each call stays on the
 * context of its caller.
 */
final class BackendCallRunner {
    private final Vertx vertx;
    private final ResponseMemoryBudget memoryBudget;
    private final BackendKeyRing keyRing;
    private final LogTextRedactor logTextRedactor;
    private final Set<BackendCall> activeCalls = ConcurrentHashMap.newKeySet();

    /** @param memoryBudget shared by all backends of the process */
    BackendCallRunner(Vertx vertx, ResponseMemoryBudget memoryBudget, BackendKeyRing keyRing) {
        this.vertx = vertx;
        this.memoryBudget = memoryBudget;
        this.keyRing = keyRing;
        this.logTextRedactor = new LogTextRedactor(keyRing::secrets);
    }

    /** See {@link BackendHttpClient#run}. */
    Future<BackendOutcome> submit(
            String key, BackendCall backendCall, Function<BackendCallScope, Future<BackendOutcome>> work) {
        Submission submission = new Submission(key, backendCall, work);
        return keyRing.select().map(submission::runWithStored).orElseGet(() -> submission.run(null));
    }

    /** A submission, which is repeated with other values of API keys. */
    private final class Submission {
        private final String key;
        private final BackendCall backendCall;
        private final Function<BackendCallScope, Future<BackendOutcome>> work;
        private final Set<Secret> tried = new HashSet<>();
        private BackendOutcome lastOutcome = new BackendOutcome.NotStarted();
        /** Null until the first request. */
        private BackendCallScope scope;

        Submission(String key, BackendCall backendCall, Function<BackendCallScope, Future<BackendOutcome>> work) {
            this.key = key;
            this.backendCall = backendCall;
            this.work = work;
        }

        /** Stores the name of the key first. Without it, a look-up after a crash would use another account. */
        Future<BackendOutcome> runWithStored(BackendKey apiKey) {
            return backendCall
                    .jobListener()
                    .onApiKeySelected(apiKey.name())
                    .transform(stored -> stored.failed()
                            ? Future.succeededFuture(lastOutcome)
                            : runOrRepeat(keyRing.startUse(apiKey)));
        }

        private Future<BackendOutcome> runOrRepeat(BackendKeyUse use) {
            tried.add(use.secret());
            return run(use).compose(outcome -> repeatIfRejected(use.key(), outcome));
        }

        /** Marks the call as sent when the AI server may have received the submission. */
        Future<BackendOutcome> run(BackendKeyUse use) {
            return BackendCallRunner.this
                    .run(key, backendCall, use, started -> {
                        scope = started;
                        return work.apply(started);
                    })
                    .map(outcome -> {
                        if (scope != null && scope.sent()) {
                            backendCall.markSent();
                        }
                        return outcome;
                    });
        }

        private Future<BackendOutcome> repeatIfRejected(BackendKey apiKey, BackendOutcome outcome) {
            if (!(outcome instanceof BackendOutcome.Failed failed)
                    || !isRejectedSubmission(scope, failed.backendFailure())) {
                return Future.succeededFuture(outcome);
            }
            lastOutcome = new BackendOutcome.Failed(keyRing.toFailure(apiKey, failed.backendFailure()));
            return keyRing.selectUsable(tried)
                    .filter(other -> !backendCall.aborted())
                    .map(this::runWithStored)
                    .orElseGet(() -> Future.succeededFuture(lastOutcome));
        }
    }

    /** Returns whether the AI server did no work: it rejected the submission itself, and not a later request, such as a poll. */
    private static boolean isRejectedSubmission(BackendCallScope scope, BackendFailure failure) {
        boolean later = scope.accepted() && failure.httpStatus() != null && failure.httpStatus() >= 300;
        return BackendKeyRing.isRejection(failure) && !later;
    }

    /** See {@link BackendHttpClient#lookUp}. */
    Future<BackendOutcome> lookUp(
            String key, BackendCall backendCall, Function<BackendCallScope, Future<BackendOutcome>> work) {
        return run(
                key,
                backendCall,
                keyRing.find(backendCall.job().apiKey()).map(keyRing::startUse).orElse(null),
                work);
    }

    /** @param use null for none */
    private Future<BackendOutcome> run(
            String key,
            BackendCall backendCall,
            BackendKeyUse use,
            Function<BackendCallScope, Future<BackendOutcome>> work) {
        activeCalls.add(backendCall);
        return BackendCallScope.run(vertx, memoryBudget, key, backendCall, use == null ? null : use.key(), work)
                .map(this::redactDetail)
                .map(outcome -> recordKeyState(use, outcome))
                .onComplete(done -> activeCalls.remove(backendCall));
    }

    /** Returns the outcome without the delay that the AI server requested for a rejected key: it concerns this key only. */
    private BackendOutcome recordKeyState(BackendKeyUse use, BackendOutcome outcome) {
        if (use != null && outcome instanceof BackendOutcome.Generated) {
            keyRing.recordSuccess(use);
        }
        if (!(outcome instanceof BackendOutcome.Failed failed)
                || !BackendKeyRing.isRejection(failed.backendFailure())) {
            return outcome;
        }
        if (use != null) {
            keyRing.recordRejection(use, failed.backendFailure());
        }
        return failed.backendFailure().failureClass() == FailureClass.TERMINAL_AUTH
                ? new BackendOutcome.Failed(failed.backendFailure().withRetryAfter(null))
                : outcome;
    }

    /** Redacts the detail: error texts of the AI server, and messages of transport errors. No other part of a failure quotes the AI server. */
    private BackendOutcome redactDetail(BackendOutcome backendOutcome) {
        if (backendOutcome instanceof BackendOutcome.Failed failed) {
            return new BackendOutcome.Failed(failed.backendFailure()
                    .withDetail(logTextRedactor.redact(failed.backendFailure().detail())));
        }
        return backendOutcome;
    }

    /**
     * Runs requests that belong to no call. Their failures do not change the state of the API key.
     *
     * @param key identifies the requests in logs
     * @param apiKey empty for none
     * @return completes within {@code timeout}; fails when the requests do
     */
    <T> Future<T> runOutsideCalls(
            String key,
            Duration timeout,
            Optional<BackendKey> apiKey,
            Function<BackendCallScope, ? extends Future<? extends T>> requests) {
        Promise<T> result = Promise.promise();
        BackendCall backendCall = new BackendCall(timeout);
        activeCalls.add(backendCall);
        BackendCallScope.run(
                        vertx,
                        memoryBudget,
                        key,
                        backendCall,
                        apiKey.orElse(null),
                        scope -> requests.apply(scope)
                                .onSuccess(result::tryComplete)
                                .map(done -> new BackendOutcome.Generated(List.of())))
                .map(this::redactDetail)
                .onSuccess(outcome -> {
                    activeCalls.remove(backendCall);
                    backendCall.release();
                    result.tryFail("no usable response: " + outcome);
                });
        return result.future();
    }

    /** Aborts the active calls. */
    void abort() {
        activeCalls.forEach(BackendCall::abort);
    }
}
