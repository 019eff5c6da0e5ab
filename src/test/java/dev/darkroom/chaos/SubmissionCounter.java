package dev.darkroom.chaos;

import dev.darkroom.testing.InProcessSimulator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** How often the AI server was asked for each generation, beyond what its own log keeps. Not thread-safe. */
final class SubmissionCounter {
    private final InProcessSimulator inProcessSimulator;
    private final Map<String, Set<String>> arrivals = new HashMap<>();

    SubmissionCounter(InProcessSimulator inProcessSimulator) {
        this.inProcessSimulator = inProcessSimulator;
    }

    /** Takes down what the AI server remembers. To be called before it forgets, see {@code SimulatorRequestLog}. */
    void recordArrivals() {
        inProcessSimulator
                .recordedRequests()
                .forEach(request -> arrivals.computeIfAbsent(request.getString("key"), key -> new HashSet<>())
                        .add(request.getString("at")));
    }

    @Override
    public String toString() {
        int calls = arrivals.values().stream().mapToInt(Set::size).sum();
        long repeated =
                arrivals.values().stream().filter(each -> each.size() > 1).count();
        int most = arrivals.values().stream().mapToInt(Set::size).max().orElse(0);
        return "%d AI calls for %d generations, %d of them asked for more than once, %d times at most"
                .formatted(calls, arrivals.size(), repeated, most);
    }
}
