package dev.darkroom.testing;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/** Replacement for the database clock that steps on demand, because a server's own clock cannot be set. Thread-safe. */
public final class SteppingClock implements Supplier<Future<OffsetDateTime>> {
    private Duration offset = Duration.ZERO;
    private CompletableFuture<Void> readingStarted;
    private Promise<Void> stepped;
    private int readings;

    @Override
    public synchronized Future<OffsetDateTime> get() {
        readings++;
        if (stepped == null) {
            return Future.succeededFuture(now());
        }
        readingStarted.complete(null);
        return stepped.future().map(done -> now());
    }

    private synchronized OffsetDateTime now() {
        return OffsetDateTime.now(ZoneOffset.UTC).plus(offset);
    }

    /** Returns the number of readings. */
    public synchronized int readings() {
        return readings;
    }

    /**
     * Steps the clock: waits for the next reading, runs {@code effect}, and completes the reading with the new time. Blocks.
     *
     * @param effect applies the step to stored timestamps
     */
    public void step(Duration by, Runnable effect) {
        CompletableFuture<Void> nextReading = new CompletableFuture<>();
        Promise<Void> over = Promise.promise();
        synchronized (this) {
            readingStarted = nextReading;
            stepped = over;
        }
        nextReading.join();
        effect.run();
        synchronized (this) {
            offset = offset.plus(by);
            stepped = null;
        }
        over.complete();
    }
}
