package dev.darkroom.generation.route;

import dev.darkroom.backend.ParametersSchema;
import dev.darkroom.config.Settings;
import dev.darkroom.config.Settings.Backend;
import dev.darkroom.config.Settings.Model;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Models that requests may name. Immutable.
 *
 * @param models not empty; the first is that of requests without a model
 * @param backends all backends of the models
 * @param parameters schemas of the backends that accept parameters, by the name of the backend
 */
public record ModelCatalog(List<Model> models, List<Backend> backends, Map<String, ParametersSchema> parameters) {
    public ModelCatalog {
        models = List.copyOf(models);
        backends = List.copyOf(backends);
        parameters = Map.copyOf(parameters);
    }

    /** Creates a catalog of backends that accept no parameters. */
    public ModelCatalog(List<Model> models, List<Backend> backends) {
        this(models, backends, Map.of());
    }

    /**
     * Limits of the requests for a model.
     *
     * @param maxPromptLength in code points, of the prompt and of the negative prompt
     * @param maxSide maximum width and height in pixels
     * @param maxCount maximum number of images
     */
    public record Limits(int maxPromptLength, int maxSide, int maxCount) {}

    /** Returns the limits of a model: the lowest of all generations and of its backends, so that each of them can make it. */
    public Limits limitsOf(Model model, Settings.Generation generation) {
        return new Limits(
                lowest(model, generation.maxPromptLength(), Backend::maxPromptLength),
                lowest(model, generation.maxSide(), Backend::maxSide),
                lowest(model, generation.maxCount(), Backend::maxCount));
    }

    /** @param own limit of a backend; 0 for none */
    private int lowest(Model model, int limit, ToIntFunction<Backend> own) {
        return backends.stream()
                .filter(backend -> model.targets().stream()
                        .anyMatch(target -> target.backend().equals(backend.name())))
                .mapToInt(own)
                .filter(value -> value > 0)
                .reduce(limit, Math::min);
    }

    /** Returns the schemas by which the parameters of a request are validated; empty when a backend of the model accepts none. */
    public List<ParametersSchema> parametersOf(Model model) {
        return model.targets().stream().allMatch(target -> parameters.containsKey(target.backend()))
                ? model.targets().stream()
                        .map(target -> parameters.get(target.backend()))
                        .toList()
                : List.of();
    }

    /** Returns the JSON Schema of the parameters of a model; empty when it accepts none. */
    public Optional<JsonObject> parametersSchema(Model model) {
        List<JsonObject> schemas = parametersOf(model).stream()
                .map(ParametersSchema::json)
                .distinct()
                .toList();
        return schemas.size() > 1
                ? Optional.of(new JsonObject().put("allOf", new JsonArray(schemas)))
                : schemas.stream().findFirst();
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
