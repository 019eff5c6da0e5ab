package dev.darkroom.backend.http;

import io.vertx.core.Context;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What one call holds in memory of what it reads: the answer, or what it downloads, all together. Confined to the context
 * of its call.
 */
final class Holding {
    private final AnswerMemory memory;
    private final Context context;
    private final AtomicInteger holders = new AtomicInteger(1);
    private final List<Runnable> waiting = new ArrayList<>();
    private Permit permit = Permit.NOT_NEEDED;
    private int bytes;

    private enum Permit {
        NOT_NEEDED,
        ASKED_FOR,
        HELD,
        OVER
    }

    Holding(AnswerMemory memory, Context context) {
        this.memory = memory;
        this.context = context;
    }

    /** Whether so many bytes more are within what a call may read. */
    boolean mayTake(long more) {
        return bytes + more <= memory.largest();
    }

    /** Counts bytes that were read, or, below zero, let go of. */
    void take(int more) {
        bytes += more;
    }

    /** Whether what is held, and so many bytes more, can be held now. Otherwise it has to be waited for. */
    boolean hasRoom(long more) {
        return permit == Permit.HELD || bytes + more <= memory.small();
    }

    /** Runs {@code go} once there is room; never when the call ends before. */
    void awaitRoom(Runnable go) {
        waiting.add(go);
        if (permit == Permit.NOT_NEEDED) {
            permit = Permit.ASKED_FOR;
            memory.acquire(() -> context.runOnContext(v -> granted()));
        }
    }

    /** Whether the call stands still because others hold what there is. */
    boolean waits() {
        return permit == Permit.ASKED_FOR;
    }

    private void granted() {
        if (permit == Permit.OVER) {
            memory.release();
            return;
        }
        permit = Permit.HELD;
        waiting.forEach(Runnable::run);
        waiting.clear();
    }

    /** What was read is in use until this completes, on whatever thread. */
    void until(Future<?> done) {
        holders.incrementAndGet();
        done.onComplete(v -> letGo());
    }

    /** One user less; with the last one goes the permit. To be called once for the one who made this. */
    void letGo() {
        if (holders.decrementAndGet() == 0) {
            context.runOnContext(v -> {
                boolean held = permit == Permit.HELD;
                permit = Permit.OVER;
                if (held) {
                    memory.release();
                }
            });
        }
    }
}
