package dev.darkroom.generation.route;

import dev.darkroom.config.ModelSettings;
import dev.darkroom.config.ModelSettings.Target;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Distributes the generations of a model by weight: the next one goes to the AI server that is furthest behind its share (weighted
 * fair queueing). When an AI server becomes available or unavailable, the count starts again, so that none has to catch up. Not
 * thread-safe.
 */
final class RouteShares {
    private final Map<String, Integer> weights = new HashMap<>();
    private final Map<String, Long> made = new HashMap<>();
    private List<String> available = List.of();

    /** @param model with weights */
    RouteShares(ModelSettings model) {
        for (Target target : model.targets()) {
            weights.put(target.backend(), target.weight());
        }
    }

    /** Starts the count again when another set of AI servers is available. */
    void setAvailable(List<String> backends) {
        if (!available.equals(backends)) {
            available = List.copyOf(backends);
            made.clear();
        }
    }

    /** Counts a generation at an AI server. */
    void record(String backend) {
        made.merge(backend, 1L, Long::sum);
    }

    /**
     * Returns the AI server for the next generation.
     *
     * @param candidates not empty
     * @param tentative generations that are offered and not yet counted, by AI server
     */
    String next(List<String> candidates, Map<String, Integer> tentative) {
        String best = null;
        for (String candidate : candidates) {
            if (best == null || virtualTime(candidate, tentative) < virtualTime(best, tentative)) {
                best = candidate;
            }
        }
        return best;
    }

    private double virtualTime(String backend, Map<String, Integer> tentative) {
        return (made.getOrDefault(backend, 0L) + tentative.getOrDefault(backend, 0) + 1.0) / weights.get(backend);
    }
}
