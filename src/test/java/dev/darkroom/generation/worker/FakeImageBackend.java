package dev.darkroom.generation.worker;

import dev.darkroom.backend.BackendCall;
import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.backend.ImageBackend;
import dev.darkroom.backend.ImageRequest;
import dev.darkroom.backend.JobProgress;
import dev.darkroom.backend.JobReference;
import dev.darkroom.generation.store.GenerationDatabaseFixture;
import dev.darkroom.image.ChunkedBytes;
import dev.darkroom.image.Image;
import dev.darkroom.image.ImageFormat;
import dev.darkroom.image.store.ImageStore;
import dev.darkroom.image.store.ImageStoreStub;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

/** Backend without a network. The test decides the outcome of each call; an abort ends a call as aborted. */
final class FakeImageBackend implements ImageBackend {
    static final Image IMAGE =
            new Image(ChunkedBytes.of(new byte[] {1, 2, 3}), ImageFormat.PNG, 64, 64, "ab".repeat(32));

    /** Accepts every image immediately and stores none. */
    static final ImageStore DISCARDING_STORE = new ImageStoreStub();

    private final Function<ImageRequest, Future<BackendOutcome>> outcome;
    private final Function<JobReference, Future<BackendOutcome>> lookUp;
    private final Queue<JobReference> submitted = new ConcurrentLinkedQueue<>();
    private final Queue<JobReference> cancelled = new ConcurrentLinkedQueue<>();
    private final Map<String, AtomicInteger> callCount = new ConcurrentHashMap<>();
    /** Whether the AI server may receive the submissions. The function of the outcomes may change it for its call. */
    volatile boolean sends = true;

    FakeImageBackend(Function<ImageRequest, Future<BackendOutcome>> outcome) {
        this(outcome, null);
    }

    /** @param lookUp finds a job; null for a backend without look-up */
    FakeImageBackend(
            Function<ImageRequest, Future<BackendOutcome>> outcome,
            Function<JobReference, Future<BackendOutcome>> lookUp) {
        this.outcome = outcome;
        this.lookUp = lookUp;
    }

    /** Returns a backend that generates every image immediately. */
    static FakeImageBackend succeeding() {
        return new FakeImageBackend(request -> Future.succeededFuture(imageOutcome()));
    }

    /** Returns a backend that never responds. */
    static FakeImageBackend hanging() {
        return new FakeImageBackend(request -> Promise.<BackendOutcome>promise().future());
    }

    static BackendOutcome imageOutcome() {
        return new BackendOutcome.Generated(List.of(IMAGE));
    }

    /** Returns the number of calls for a generation. */
    int callCount(String key) {
        AtomicInteger count = callCount.get(key);
        return count == null ? 0 : count.get();
    }

    /** Returns the number of all calls. */
    int callCount() {
        return callCount.values().stream().mapToInt(AtomicInteger::get).sum();
    }

    @Override
    public String name() {
        return GenerationDatabaseFixture.BACKEND;
    }

    @Override
    public Future<BackendOutcome> generate(ImageRequest request, BackendCall backendCall) {
        callCount.computeIfAbsent(request.key(), key -> new AtomicInteger()).incrementAndGet();
        submitted.add(backendCall.job());
        Future<BackendOutcome> result = outcome.apply(request);
        if (sends) {
            backendCall.markSent();
        }
        if (lookUp != null) {
            backendCall.jobListener().onAccepted("id of " + backendCall.job().key());
            backendCall.jobListener().onProgress(new JobProgress(null, 2));
            backendCall.jobListener().onProgress(new JobProgress(40, null));
        }
        return untilAborted(backendCall, result);
    }

    private static Future<BackendOutcome> untilAborted(BackendCall backendCall, Future<BackendOutcome> work) {
        Promise<BackendOutcome> ended = Promise.promise();
        backendCall.onAbort(() -> ended.tryComplete(new BackendOutcome.Aborted()));
        work.onSuccess(ended::tryComplete);
        return ended.future();
    }

    /** Returns the jobs of all submissions. */
    List<JobReference> submitted() {
        return List.copyOf(submitted);
    }

    /** Returns the jobs that were to be stopped. */
    List<JobReference> cancelled() {
        return List.copyOf(cancelled);
    }

    @Override
    public boolean canLookUp(JobReference job) {
        return lookUp != null;
    }

    @Override
    public Future<BackendOutcome> lookUp(ImageRequest request, BackendCall backendCall) {
        return untilAborted(backendCall, lookUp.apply(backendCall.job()));
    }

    @Override
    public Future<Void> cancel(JobReference job) {
        cancelled.add(job);
        return Future.succeededFuture();
    }

    @Override
    public Future<Void> close() {
        return Future.succeededFuture();
    }
}
