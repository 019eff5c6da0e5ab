package dev.darkroom.generation;

import dev.darkroom.backend.Call;
import dev.darkroom.backend.ImageBackend;
import dev.darkroom.backend.ImageRequest;
import dev.darkroom.backend.Outcome;
import dev.darkroom.image.Blocks;
import dev.darkroom.image.ImageStore;
import dev.darkroom.image.Picture;
import dev.darkroom.image.PictureFormat;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.streams.ReadStream;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

/** An AI server without a network: each call ends as the test says, or as aborted. */
final class FakeBackend implements ImageBackend {
    static final Picture PICTURE =
            new Picture(Blocks.of(new byte[] {1, 2, 3}), PictureFormat.PNG, 64, 64, "ab".repeat(32));

    /** Keeps nothing, at once. */
    static final ImageStore NO_DISK = new ImageStore() {
        @Override
        public Future<Void> keep(String key, Picture picture) {
            return Future.succeededFuture();
        }

        @Override
        public Future<ReadStream<Buffer>> read(String key) {
            return Future.failedFuture("kept nowhere");
        }

        @Override
        public Future<Void> check() {
            return Future.succeededFuture();
        }

        @Override
        public Future<Void> delete(String key) {
            return Future.succeededFuture();
        }

        @Override
        public Future<Void> oldKeys(Duration age, int limit, Function<List<String>, Future<Void>> page) {
            return Future.succeededFuture();
        }
    };

    private final Function<ImageRequest, Future<Outcome>> answer;
    private final Map<String, AtomicInteger> calls = new ConcurrentHashMap<>();

    FakeBackend(Function<ImageRequest, Future<Outcome>> answer) {
        this.answer = answer;
    }

    /** Makes every picture at once. */
    static FakeBackend well() {
        return new FakeBackend(request -> Future.succeededFuture(picture()));
    }

    /** Never answers. */
    static FakeBackend silent() {
        return new FakeBackend(request -> Promise.<Outcome>promise().future());
    }

    static Outcome picture() {
        return new Outcome.Generated(List.of(PICTURE));
    }

    /** How often a generation was asked for. */
    int calls(String key) {
        AtomicInteger count = calls.get(key);
        return count == null ? 0 : count.get();
    }

    /** How often anything was asked for. */
    int calls() {
        return calls.values().stream().mapToInt(AtomicInteger::get).sum();
    }

    @Override
    public String name() {
        return QueueFixture.BACKEND;
    }

    @Override
    public Future<Outcome> generate(ImageRequest request, Call call) {
        calls.computeIfAbsent(request.key(), key -> new AtomicInteger()).incrementAndGet();
        Promise<Outcome> ended = Promise.promise();
        call.onAbort(() -> ended.tryComplete(new Outcome.Aborted()));
        answer.apply(request).onSuccess(ended::tryComplete);
        return ended.future();
    }

    @Override
    public Future<Void> close() {
        return Future.succeededFuture();
    }
}
