package dev.darkroom.chaos;

import dev.darkroom.testing.InProcessSimulator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** Counts submissions to the AI server per generation, beyond the limit of the simulator's log. Not thread-safe. */
final class SubmissionCounter {
    private final InProcessSimulator inProcessSimulator;
    private final Map<String, Set<String>> arrivals = new HashMap<>();

    SubmissionCounter(InProcessSimulator inProcessSimulator) {
        this.inProcessSimulator = inProcessSimulator;
    }

    /** Copies the simulator's log. Call it before the log drops entries, see {@code SimulatorRequestLog}. */
    void recordArrivals() {
        inProcessSimulator
                .recordedRequests()
                .forEach(request -> arrivals.computeIfAbsent(request.getString("key"), key -> new HashSet<>())
                        .add(request.getString("at")));
    }

    /** Returns the number of submissions that arrived. */
    int count() {
        return arrivals.values().stream().mapToInt(Set::size).sum();
    }

    @Override
    public String toString() {
        int calls = count();
        long repeated =
                arrivals.values().stream().filter(each -> each.size() > 1).count();
        int max = arrivals.values().stream().mapToInt(Set::size).max().orElse(0);
        return "%d AI calls for %d generations, %d of them submitted more than once, %d times at most"
                .formatted(calls, arrivals.size(), repeated, max);
    }
}
