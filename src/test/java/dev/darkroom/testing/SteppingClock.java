package dev.darkroom.testing;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/** The clock of a database that steps when a test says so: a server's own cannot be set. Thread-safe. */
public final class SteppingClock implements Supplier<Future<OffsetDateTime>> {
    private Duration offset = Duration.ZERO;
    private CompletableFuture<Void> asked;
    private Promise<Void> stepped;
    private int readings;

    @Override
    public synchronized Future<OffsetDateTime> get() {
        readings++;
        if (stepped == null) {
            return Future.succeededFuture(now());
        }
        asked.complete(null);
        return stepped.future().map(done -> now());
    }

    private synchronized OffsetDateTime now() {
        return OffsetDateTime.now(ZoneOffset.UTC).plus(offset);
    }

    /** How often it was read. */
    public synchronized int readings() {
        return readings;
    }

    /**
     * Steps between two readings: waits for the next one, has {@code effect} happen, and answers with the new time.
     *
     * @param effect what the step makes of the times that are stored
     */
    public void step(Duration by, Runnable effect) {
        CompletableFuture<Void> waiting = new CompletableFuture<>();
        Promise<Void> over = Promise.promise();
        synchronized (this) {
            asked = waiting;
            stepped = over;
        }
        waiting.join();
        effect.run();
        synchronized (this) {
            offset = offset.plus(by);
            stepped = null;
        }
        over.complete();
    }
}
