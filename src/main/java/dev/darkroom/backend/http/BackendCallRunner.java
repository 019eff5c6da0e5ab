package dev.darkroom.backend.http;

import dev.darkroom.backend.BackendCall;
import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.backend.key.BackendKey;
import dev.darkroom.backend.key.BackendKeyRing;
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
import java.util.concurrent.atomic.AtomicReference;
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
    BackendCallRunner(
            Vertx vertx, ResponseMemoryBudget memoryBudget, BackendKeyRing keyRing, LogTextRedactor logTextRedactor) {
        this.vertx = vertx;
        this.memoryBudget = memoryBudget;
        this.keyRing = keyRing;
        this.logTextRedactor = logTextRedactor;
    }

    /** See {@link BackendHttpClient#run}. */
    Future<BackendOutcome> submit(
            String key, BackendCall backendCall, Function<BackendCallScope, Future<BackendOutcome>> work) {
        Optional<BackendKey> first = keyRing.select();
        return first.isEmpty()
                ? submitOnce(key, backendCall, null, new AtomicReference<>(), work)
                : submit(key, backendCall, first.get(), new HashSet<>(), new BackendOutcome.NotStarted(), work);
    }

    private Future<BackendOutcome> submit(
            String key,
            BackendCall backendCall,
            BackendKey apiKey,
            Set<BackendKey> tried,
            BackendOutcome previous,
            Function<BackendCallScope, Future<BackendOutcome>> work) {
        tried.add(apiKey);
        AtomicReference<BackendCallScope> scope = new AtomicReference<>();
        // Without the stored name, a look-up after a crash would use another account.
        return backendCall
                .jobListener()
                .onApiKeySelected(apiKey.name())
                .transform(stored -> stored.failed()
                        ? Future.succeededFuture(previous)
                        : submitOnce(key, backendCall, apiKey, scope, work)
                                .compose(outcome ->
                                        repeatWithOtherKey(key, backendCall, tried, scope.get(), outcome, work)));
    }

    private Future<BackendOutcome> repeatWithOtherKey(
            String key,
            BackendCall backendCall,
            Set<BackendKey> tried,
            BackendCallScope scope,
            BackendOutcome outcome,
            Function<BackendCallScope, Future<BackendOutcome>> work) {
        if (!(outcome instanceof BackendOutcome.Failed failed)
                || !isRejectedSubmission(scope, failed.backendFailure())) {
            return Future.succeededFuture(outcome);
        }
        BackendOutcome rejected = new BackendOutcome.Failed(keyRing.toFailure(failed.backendFailure()));
        Optional<BackendKey> other = keyRing.selectUsable(tried);
        return other.isPresent() && !backendCall.aborted()
                ? submit(key, backendCall, other.get(), tried, rejected, work)
                : Future.succeededFuture(rejected);
    }

    /** Runs a submission, and marks the call as sent when the AI server may have received it. */
    private Future<BackendOutcome> submitOnce(
            String key,
            BackendCall backendCall,
            BackendKey apiKey,
            AtomicReference<BackendCallScope> scope,
            Function<BackendCallScope, Future<BackendOutcome>> work) {
        return run(key, backendCall, apiKey, started -> {
                    scope.set(started);
                    return work.apply(started);
                })
                .map(outcome -> {
                    if (scope.get() != null && scope.get().sent()) {
                        backendCall.markSent();
                    }
                    return outcome;
                });
    }

    /** Returns whether the AI server did no work: it rejected the submission itself, and not a later request, such as a poll. */
    private static boolean isRejectedSubmission(BackendCallScope scope, BackendFailure failure) {
        boolean later = scope.accepted() && failure.httpStatus() != null && failure.httpStatus() >= 300;
        return BackendKeyRing.isRejection(failure) && !later;
    }

    /** See {@link BackendHttpClient#lookUp}. */
    Future<BackendOutcome> lookUp(
            String key, BackendCall backendCall, Function<BackendCallScope, Future<BackendOutcome>> work) {
        return run(key, backendCall, keyRing.find(backendCall.job().apiKey()).orElse(null), work);
    }

    /** @param apiKey null for none */
    private Future<BackendOutcome> run(
            String key,
            BackendCall backendCall,
            BackendKey apiKey,
            Function<BackendCallScope, Future<BackendOutcome>> work) {
        activeCalls.add(backendCall);
        return BackendCallScope.run(vertx, memoryBudget, key, backendCall, apiKey, work)
                .map(this::redactDetail)
                .map(outcome -> recordKeyState(apiKey, outcome))
                .onComplete(done -> activeCalls.remove(backendCall));
    }

    /** Returns the outcome without the delay that the AI server requested for a rejected key: it concerns this key only. */
    private BackendOutcome recordKeyState(BackendKey apiKey, BackendOutcome outcome) {
        if (apiKey != null && outcome instanceof BackendOutcome.Generated) {
            keyRing.recordSuccess(apiKey);
        }
        if (!(outcome instanceof BackendOutcome.Failed failed)
                || !BackendKeyRing.isRejection(failed.backendFailure())) {
            return outcome;
        }
        if (apiKey != null) {
            keyRing.recordRejection(apiKey, failed.backendFailure());
        }
        return failed.backendFailure().failureClass() == FailureClass.TERMINAL_AUTH
                ? new BackendOutcome.Failed(failed.backendFailure().withRetryAfter(null))
                : outcome;
    }

    /** Redacts details of transport errors, which contain host names and exception messages. */
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
