package dev.darkroom.chaos;

import dev.darkroom.testing.AiServer;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** How often the AI server was asked for each generation, beyond what its own log keeps. Not thread-safe. */
final class Calls {
    private final AiServer aiServer;
    private final Map<String, Set<String>> arrivals = new HashMap<>();

    Calls(AiServer aiServer) {
        this.aiServer = aiServer;
    }

    /** Takes down what the AI server remembers. To be called before it forgets, see {@code RequestLog}. */
    void note() {
        aiServer.requests()
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
