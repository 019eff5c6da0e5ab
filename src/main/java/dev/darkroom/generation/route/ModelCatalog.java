package dev.darkroom.generation.route;

import dev.darkroom.backend.BackendCapabilities;
import dev.darkroom.backend.ImageRequest;
import dev.darkroom.backend.ParametersSchema;
import dev.darkroom.backend.RequestLimits;
import dev.darkroom.config.BackendSettings;
import dev.darkroom.config.ModelSettings;
import dev.darkroom.config.ModelSettings.Target;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Models that requests may name, and their limits. Thread-safe. */
public final class ModelCatalog {
    private final List<ModelSettings> models;
    private final Map<String, BackendCapabilities> backends;
    /** Limits of the settings, by route. */
    private final Map<String, RequestLimits> declaredLimits;

    /**
     * @param models not empty; the first is that of requests without a model
     * @param backends all backends of the models
     */
    public ModelCatalog(List<ModelSettings> models, List<BackendCapabilities> backends) {
        this.models = List.copyOf(models);
        this.backends = backends.stream()
                .collect(Collectors.toUnmodifiableMap(
                        backend -> backend.settings().name(), Function.identity()));
        this.declaredLimits = models.stream()
                .collect(Collectors.toUnmodifiableMap(
                        ModelSettings::route,
                        model -> model.targets().stream()
                                .map(target -> backend(target.backend()).declaredLimits())
                                .reduce(RequestLimits::narrow)
                                .orElseThrow()));
    }

    /** Returns all models, in order. */
    public List<ModelSettings> models() {
        return models;
    }

    /** Returns the capabilities of a backend. */
    public BackendCapabilities backend(String name) {
        return backends.get(name);
    }

    /** Returns the settings of a backend. */
    public BackendSettings settings(String backend) {
        return backend(backend).settings();
    }

    /** Returns the configured price of the images of a request at an AI server, in millionths of the currency; empty without a price. */
    public OptionalLong expectedCost(Target target, ImageRequest request) {
        return settings(target.backend())
                .prices()
                .findMicros(target.model(), request.width(), request.height(), request.quality(), request.count());
    }

    /** Returns whether a request needs no budget at an AI server: it has no price or the price 0, and reported usage has none. */
    public boolean isFreeOfCharge(Target target, ImageRequest request) {
        return expectedCost(target, request).orElse(0) == 0
                && settings(target.backend()).usagePrices().rules().isEmpty();
    }

    /** Returns the limits that all backends of a model allow, so that each of them can make a request. */
    public RequestLimits limitsOf(ModelSettings model) {
        RequestLimits limits = declaredLimits.get(model.route());
        for (Target target : model.targets()) {
            limits = backend(target.backend()).narrow(limits, target.model());
        }
        return limits;
    }

    /** Returns the media types of the images that the backends of a model may make. */
    public List<String> imageFormatsOf(ModelSettings model) {
        return model.targets().stream()
                .flatMap(target -> backend(target.backend()).settings().imageFormats().stream())
                .distinct()
                .map("image/"::concat)
                .toList();
    }

    /** Returns the schemas by which the parameters of a request are validated; empty when a backend of the model accepts none. */
    public List<ParametersSchema> parametersOf(ModelSettings model) {
        List<List<ParametersSchema>> schemas = model.targets().stream()
                .map(target -> backend(target.backend()).parameters(target.model()))
                .toList();
        return schemas.stream().anyMatch(List::isEmpty)
                ? List.of()
                : schemas.stream().flatMap(List::stream).toList();
    }

    /** Returns the JSON Schema of the parameters of a model; empty when it accepts none. */
    public Optional<JsonObject> parametersSchema(ModelSettings model) {
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
    public Optional<ModelSettings> find(String name) {
        return name == null
                ? Optional.of(models.get(0))
                : models.stream().filter(model -> name.equals(model.name())).findFirst();
    }

    /** Returns the models that requests may name, in order. */
    public Stream<ModelSettings> named() {
        return models.stream().filter(model -> model.name() != null);
    }

    /** Returns whether a model is that of requests without a model. */
    public boolean isDefault(ModelSettings model) {
        return model.equals(models.get(0));
    }

    /** Returns the names that requests may use, for messages. */
    public String describeNames() {
        String names = named().map(ModelSettings::name).collect(Collectors.joining(", "));
        return names.isEmpty() ? "no model may be chosen here" : "known are " + names;
    }
}
