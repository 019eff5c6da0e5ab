package dev.darkroom.benchmark;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/** Closed-loop load of asynchronous calls: each of a fixed number of lanes starts its next call when the previous one has ended. */
final class ClosedLoopCallLoad {
    private final Supplier<CompletionStage<?>> call;
    private final long deadline;
    private final LoadResult.Latencies latencies = new LoadResult.Latencies();
    private final CompletableFuture<LoadResult.Latencies> ended = new CompletableFuture<>();

    private ClosedLoopCallLoad(Supplier<CompletionStage<?>> call, long deadline) {
        this.call = call;
        this.deadline = deadline;
    }

    /** Calls for {@code time} and waits for the last calls. Throws when a call fails. */
    static LoadResult run(int lanes, Duration time, Supplier<CompletionStage<?>> call) {
        long started = System.nanoTime();
        List<ClosedLoopCallLoad> all = new ArrayList<>();
        for (int i = 0; i < lanes; i++) {
            ClosedLoopCallLoad lane = new ClosedLoopCallLoad(call, started + time.toNanos());
            all.add(lane);
            lane.callNext();
        }
        return LoadResult.of(
                started, all.stream().map(lane -> lane.ended.join()).toList());
    }

    private void callNext() {
        long started = System.nanoTime();
        call.get().whenComplete((result, failure) -> {
            latencies.add(System.nanoTime() - started);
            if (failure != null) {
                ended.completeExceptionally(failure);
            } else if (System.nanoTime() < deadline) {
                callNext();
            } else {
                ended.complete(latencies);
            }
        });
    }
}
