package dev.darkroom.generation.route;

import dev.darkroom.config.Settings.Model;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Models that requests may name. Immutable.
 *
 * @param models not empty; the first is that of requests without a model
 */
public record ModelCatalog(List<Model> models) {
    public ModelCatalog {
        models = List.copyOf(models);
    }

    /**
     * Finds the model of a request.
     *
     * @param name null for a request without one
     */
    public Optional<Model> find(String name) {
        return name == null
                ? Optional.of(models.get(0))
                : models.stream().filter(model -> name.equals(model.name())).findFirst();
    }

    /** Returns the models that requests may name, in order. */
    public Stream<Model> named() {
        return models.stream().filter(model -> model.name() != null);
    }

    /** Returns whether a model is that of requests without a model. */
    public boolean isDefault(Model model) {
        return model.equals(models.get(0));
    }

    /** Returns the names that requests may use, for messages. */
    public String describeNames() {
        String names = named().map(Model::name).collect(Collectors.joining(", "));
        return names.isEmpty() ? "no model may be chosen here" : "known are " + names;
    }
}
