package dev.darkroom.config;

import java.util.List;

/**
 * Model that requests may name.
 *
 * @param route key of its generations in the queue
 * @param name null when the AI server chooses the model
 * @param targets where its generations are made; not empty. All have a weight, or none has one
 */
public record ModelSettings(String route, String name, List<Target> targets) {
    public ModelSettings {
        targets = List.copyOf(targets);
    }

    /** Returns whether the targets share the generations by weight. Otherwise the first available one gets them. */
    public boolean weighted() {
        return targets.get(0).weight() != null;
    }

    /**
     * Backend that makes the generations of a model.
     *
     * @param backend name of the backend
     * @param model name of the model at the AI server; null when the AI server chooses
     * @param weight share of the generations, 1 to 1000; null in a list by order
     */
    public record Target(String backend, String model, Integer weight) {}
}
