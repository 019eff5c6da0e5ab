package dev.darkroom.backend.http;

import dev.darkroom.backend.BackendCall;
import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.backend.InputImageException;
import dev.darkroom.backend.InputImageLoader;
import dev.darkroom.backend.InputImages;
import dev.darkroom.backend.LoadedInputs;
import dev.darkroom.backend.key.BackendKey;
import dev.darkroom.config.Secret;
import dev.darkroom.http.HttpCallException;
import dev.darkroom.http.HttpExchange;
import dev.darkroom.http.OutboundHttpClient;
import dev.darkroom.http.OutboundRequest;
import dev.darkroom.http.OutboundResponse;
import dev.darkroom.http.ResponseLimits;
import dev.darkroom.http.ResponseMemory;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpMethod;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lifetime of one call. The call ends once: when its work is done, when its timeout elapses, or when it is aborted. At
 * that moment its outcome is set, and its requests and timers are canceled.
 *
 * <p>Confined to the context on which the call was started. Only {@link BackendCall#abort()} may run on another thread.
 */
public final class BackendCallScope implements InputImageLoader.Call {
    private static final Logger LOG = LoggerFactory.getLogger(BackendCallScope.class);
    private static final BackendFailure NO_RESPONSE_MEMORY = BackendFailure.of(
            FailureClass.INTERNAL,
            "RESPONSE_MEMORY_EXHAUSTED",
            "The response of the AI server is large, and no memory was free to read it before the deadline.");
    private static final BackendFailure INPUTS_NOT_LOADED = BackendFailure.of(
            FailureClass.INTERNAL,
            "INPUT_IMAGES_NOT_LOADED",
            "The input images could not be loaded before the deadline of the attempt.");

    private final Vertx vertx;
    private final String key;
    private final BackendKey apiKey; // null: no credentials
    private final MemoryReservation reservation;
    private final InputImageLoader inputImageLoader;
    private final CallTrace trace;
    private final long deadline;
    private final Promise<BackendOutcome> outcome = Promise.promise();
    private final Set<Runnable> endHandlers = new LinkedHashSet<>();
    /** Decides whether the call was sent, since later exchanges follow from its response. */
    private HttpExchange firstExchange;

    private boolean sent;
    private boolean preparing;
    private boolean ended;
    private boolean accepted;
    private boolean loadingInputs;

    private BackendCallScope(
            Vertx vertx, String key, BackendKey apiKey, MemoryReservation memoryReservation, BackendCall backendCall) {
        this.vertx = vertx;
        this.key = key;
        this.apiKey = apiKey;
        this.reservation = memoryReservation;
        this.inputImageLoader = backendCall.inputImageLoader();
        this.trace = new CallTrace(backendCall.span());
        this.deadline = System.nanoTime() + backendCall.timeout().toNanos();
    }

    /**
     * Runs a call.
     *
     * @param memory budget for the responses of the call
     * @param key identifies the call in logs, see {@link dev.darkroom.backend.ImageRequest#key()}
     * @param apiKey API key of all requests of the call; null for none
     * @param work starts the work and returns its outcome; may fail, preferably with a {@link BackendCallException}
     * @return the outcome; never fails
     */
    public static Future<BackendOutcome> run(
            Vertx vertx,
            ResponseMemoryBudget memory,
            String key,
            BackendCall backendCall,
            BackendKey apiKey,
            Function<BackendCallScope, Future<BackendOutcome>> work) {
        Context context = vertx.getOrCreateContext();
        BackendCallScope scope =
                new BackendCallScope(vertx, key, apiKey, new MemoryReservation(memory, context), backendCall);
        context.runOnContext(v -> scope.start(context, backendCall, work));
        return scope.outcome.future();
    }

    private void start(
            Context context, BackendCall backendCall, Function<BackendCallScope, Future<BackendOutcome>> work) {
        long timer = vertx.setTimer(
                Math.max(1, remaining().toMillis()), t -> end(new BackendOutcome.Failed(deadlineFailure())));
        onEnd(() -> vertx.cancelTimer(timer));
        backendCall.onAbort(() -> context.runOnContext(v -> end(new BackendOutcome.Aborted())));
        if (backendCall.aborted()) {
            end(new BackendOutcome.Aborted());
            reservation.release();
            return;
        }
        Future.succeededFuture()
                .compose(start -> work.apply(this))
                .onComplete(
                        result -> {
                            // The caller releases the images.
                            if (!ended && result instanceof BackendOutcome.Generated) {
                                reservation.retainUntil(backendCall.released());
                            }
                            end(result);
                            reservation.release();
                        },
                        failure -> {
                            end(new BackendOutcome.Failed(toFailure(failure)));
                            reservation.release();
                        });
    }

    private BackendFailure deadlineFailure() {
        return loadingInputs
                ? INPUTS_NOT_LOADED
                : reservation.isWaiting() ? NO_RESPONSE_MEMORY : TransportErrorClassifier.deadlineExceeded(sent());
    }

    private BackendFailure toFailure(Throwable cause) {
        return BackendCallException.failureOf(cause).orElseGet(() -> {
            if (!ended) {
                LOG.atError().addKeyValue("generation", key).setCause(cause).log("backend call failed unexpectedly");
            }
            return BackendFailure.INTERNAL_ERROR.withDetail(cause.getClass().getName());
        });
    }

    private void end(BackendOutcome result) {
        if (ended) {
            return;
        }
        ended = true;
        trace.end();
        List.copyOf(endHandlers).forEach(Runnable::run);
        endHandlers.clear();
        outcome.complete(result);
    }

    /** Returns the current value of the API key of the call; {@link Secret#NONE} without one. */
    Secret apiKey() {
        return apiKey == null ? Secret.NONE : apiKey.secret();
    }

    /** Returns true once the AI server may have received a request of the call, other than to prepare the submission. */
    public boolean sent() {
        return sent || firstExchange != null && firstExchange.sent();
    }

    /** Declares that an earlier call sent the job, so that a timeout of this one does not mean that nothing was sent. */
    public void markSent() {
        sent = true;
    }

    /**
     * Sends requests that precede the submission, such as uploads of input images. The AI server does no work for them, so after a failure
     * nothing was submitted.
     */
    public <T> Future<T> prepare(Supplier<Future<T>> requests) {
        preparing = true;
        return requests.get().onComplete(done -> preparing = false);
    }

    /** Sends a request that asks for the state of a job. */
    <T> Future<T> poll(Supplier<Future<T>> request) {
        return trace.poll(request);
    }

    /** Returns whether the AI server responded to a request other than GET with a success, so that it may have done the work. */
    boolean accepted() {
        return accepted;
    }

    /** Returns true once the outcome is set. No request may be started afterwards. */
    public boolean ended() {
        return ended;
    }

    /** Returns the time until the deadline; never negative. */
    @Override
    public Duration remaining() {
        return Duration.ofNanos(Math.max(0, deadline - System.nanoTime()));
    }

    /**
     * Sends a request of the call. The end of the call aborts it.
     *
     * @param maxBytes maximum body size of a successful response in bytes
     * @param timeout of this exchange, within the timeout of the call
     * @return the response with any status; fails with a {@link HttpCallException} when none arrived
     */
    public Future<OutboundResponse> send(
            OutboundHttpClient client, OutboundRequest request, int maxBytes, Duration timeout) {
        HttpExchange exchange = new HttpExchange();
        if (firstExchange == null && !preparing) {
            firstExchange = exchange;
        }
        Runnable abort = exchange::abort;
        onEnd(abort);
        return client.send(exchange, trace.add(request), new ResponseLimits(timeout, maxBytes, reservation, true))
                .onSuccess(
                        response -> accepted |= !preparing && response.success() && request.method() != HttpMethod.GET)
                .onComplete(done -> endHandlers.remove(abort));
    }

    /** Runs {@code handler} when the call ends, immediately when it has already ended. */
    @Override
    public void onEnd(Runnable handler) {
        if (ended) {
            handler.run();
        } else {
            endHandlers.add(handler);
        }
    }

    /** Completes after {@code duration}; fails when the call ends earlier. */
    public Future<Void> delay(Duration duration) {
        Promise<Void> elapsed = Promise.promise();
        long timer =
                vertx.setTimer(Math.max(1, TimeUnit.NANOSECONDS.toMillis(duration.toNanos())), t -> elapsed.complete());
        onEnd(() -> {
            if (vertx.cancelTimer(timer)) {
                elapsed.fail(new BackendCallException(BackendFailure.INTERNAL_ERROR));
            }
        });
        return elapsed.future();
    }

    /** Returns the memory of a response that is no longer needed, such as that of a poll. */
    void discard(OutboundResponse outboundResponse) {
        reservation.addBytes(-outboundResponse.body().length());
    }

    /**
     * Reserves memory for bytes that are not read from a response of the call, and waits until it is free.
     *
     * @return fails with a {@link BackendCallException} when the call may not hold that many bytes, and when it ends
     */
    public Future<Void> reserveMemory(int bytes) {
        return reservation.isWithinLimit(bytes)
                ? reserve(bytes)
                : Future.failedFuture(BackendCallException.invalidResult(
                        "RESPONSE_TOO_LARGE", "The response of the AI server exceeds the size limit."));
    }

    private Future<Void> reserve(int bytes) {
        Promise<Void> reserved = Promise.promise();
        Runnable cancel = () -> reserved.tryFail(new BackendCallException(BackendFailure.INTERNAL_ERROR));
        Runnable reserve = () -> {
            endHandlers.remove(cancel);
            if (!reserved.future().isComplete()) {
                reservation.addBytes(bytes);
                reserved.complete();
            }
        };
        onEnd(cancel);
        if (ended || reservation.hasCapacity(bytes)) {
            reserve.run();
        } else {
            reservation.awaitCapacity(reserve);
        }
        return reserved.future();
    }

    /**
     * Loads the input images of a request, and encodes a body with them. The call holds their memory until {@code encoded} completes.
     *
     * @param encode gets the images; reserves the memory of its result
     * @return fails when an image cannot be loaded, before anything is submitted to the AI server
     */
    <T> Future<T> loadInputs(InputImages inputs, Function<LoadedInputs, Future<T>> encode) {
        loadingInputs = true;
        return inputImageLoader
                .load(inputs, this)
                .compose(loaded -> encode.apply(loaded).onComplete(encoded -> reservation.addBytes(-loaded.bytes())))
                .onComplete(encoded -> loadingInputs = false);
    }

    @Override
    public ResponseMemory memory() {
        return reservation;
    }

    @Override
    public Future<Void> reserveInputMemory(int bytes) {
        return reservation.isWithinLimit(bytes) ? reserve(bytes) : Future.failedFuture(InputImageException.tooLarge());
    }

    @Override
    public void releaseInputMemory(int bytes) {
        reservation.addBytes(-bytes);
    }

    /** Keeps the memory of the responses reserved until {@code done} completes, even when the call ends earlier. */
    public void retainMemoryUntil(Future<?> done) {
        reservation.retainUntil(done);
    }
}
