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
final class MemoryReservation {
    private final ResponseMemoryBudget memoryBudget;
    private final Context context;
    private final AtomicInteger references = new AtomicInteger(1);
    private final List<Runnable> waiters = new ArrayList<>();
    private PermitState permitState = PermitState.NOT_NEEDED;
    private int heldBytes;

    private enum PermitState {
        NOT_NEEDED,
        REQUESTED,
        HELD,
        RELEASED
    }

    MemoryReservation(ResponseMemoryBudget memory, Context context) {
        this.memoryBudget = memory;
        this.context = context;
    }

    /** Whether so many bytes more are within what a call may read. */
    boolean isWithinLimit(long more) {
        return heldBytes + more <= memoryBudget.maxBytesPerCall();
    }

    /** Counts bytes that were read, or, below zero, let go of. */
    void addBytes(int more) {
        heldBytes += more;
    }

    /** Whether what is held, and so many bytes more, can be held now. Otherwise it has to be waited for. */
    boolean hasCapacity(long more) {
        return permitState == PermitState.HELD || heldBytes + more <= memoryBudget.permitFreeBytes();
    }

    /** Runs {@code go} once there is room; never when the call ends before. */
    void awaitCapacity(Runnable go) {
        waiters.add(go);
        if (permitState == PermitState.NOT_NEEDED) {
            permitState = PermitState.REQUESTED;
            memoryBudget.acquire(() -> context.runOnContext(v -> onPermitGranted()));
        }
    }

    /** Whether the call stands still because others hold what there is. */
    boolean isWaiting() {
        return permitState == PermitState.REQUESTED;
    }

    private void onPermitGranted() {
        if (permitState == PermitState.RELEASED) {
            memoryBudget.release();
            return;
        }
        permitState = PermitState.HELD;
        waiters.forEach(Runnable::run);
        waiters.clear();
    }

    /** What was read is in use until this completes, on whatever thread. */
    void retainUntil(Future<?> done) {
        references.incrementAndGet();
        done.onComplete(v -> release());
    }

    /** One user less; with the last one goes the permit. To be called once for the one who made this. */
    void release() {
        if (references.decrementAndGet() == 0) {
            context.runOnContext(v -> {
                boolean held = permitState == PermitState.HELD;
                permitState = PermitState.RELEASED;
                if (held) {
                    memoryBudget.release();
                }
            });
        }
    }
}
