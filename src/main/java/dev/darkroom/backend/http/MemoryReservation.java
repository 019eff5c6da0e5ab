package dev.darkroom.backend.http;

import dev.darkroom.http.ResponseMemory;
import io.vertx.core.Context;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Memory held by the input images, the response and the downloads of one call. Counts bytes against {@link ResponseMemoryBudget} and
 * holds at most one of its permits. Returns it when the remaining bytes need none, or with its last reference. Confined to the context
 * of its call.
 */
final class MemoryReservation implements ResponseMemory {
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

    MemoryReservation(ResponseMemoryBudget memoryBudget, Context context) {
        this.memoryBudget = memoryBudget;
        this.context = context;
    }

    @Override
    public boolean isWithinLimit(long additionalBytes) {
        return heldBytes + additionalBytes <= memoryBudget.maxBytesPerCall();
    }

    @Override
    public void addBytes(int bytes) {
        heldBytes += bytes;
        if (bytes < 0 && permitState == PermitState.HELD && heldBytes <= memoryBudget.permitFreeBytes()) {
            permitState = PermitState.NOT_NEEDED;
            memoryBudget.release();
        }
    }

    @Override
    public boolean hasCapacity(long additionalBytes) {
        return permitState == PermitState.HELD || heldBytes + additionalBytes <= memoryBudget.permitFreeBytes();
    }

    @Override
    public void awaitCapacity(Runnable handler) {
        waiters.add(handler);
        if (permitState == PermitState.NOT_NEEDED) {
            permitState = PermitState.REQUESTED;
            memoryBudget.acquire(() -> context.runOnContext(v -> onPermitGranted()));
        }
    }

    @Override
    public boolean isWaiting() {
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

    /** Adds a reference until {@code done} completes, on any thread. */
    void retainUntil(Future<?> done) {
        references.incrementAndGet();
        done.onComplete(v -> release());
    }

    /** Removes a reference; the last one releases the permit. The creator calls this once for its own reference. */
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
