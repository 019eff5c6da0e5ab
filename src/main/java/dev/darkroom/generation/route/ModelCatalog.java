package dev.darkroom.generation.route;

import dev.darkroom.backend.BackendCapabilities;
import dev.darkroom.backend.NumberRange;
import dev.darkroom.backend.ParametersSchema;
import dev.darkroom.backend.RequestLimits;
import dev.darkroom.backend.RequestLimits.ImageSize;
import dev.darkroom.config.Settings;
import dev.darkroom.config.Settings.Backend;
import dev.darkroom.config.Settings.Model;
import dev.darkroom.config.Settings.Target;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Models that requests may name. Immutable.
 *
 * @param models not empty; the first is that of requests without a model
 * @param backends all backends of the models
 * @param capabilities of the backends, by name; may lack some
 */
public record ModelCatalog(List<Model> models, List<Backend> backends, Map<String, BackendCapabilities> capabilities) {
    private static final int MIN_SIDE = 64;
    private static final NumberRange SEEDS = NumberRange.between(0, Integer.MAX_VALUE);

    public ModelCatalog {
        models = List.copyOf(models);
        backends = List.copyOf(backends);
        capabilities = Map.copyOf(capabilities);
    }

    /** Creates a catalog of backends that accept no parameters and have the limits of the settings only. */
    public ModelCatalog(List<Model> models, List<Backend> backends) {
        this(models, backends, Map.of());
    }

    /** Returns what all generations and all backends of a model allow, so that each of them can make a request. */
    public RequestLimits limitsOf(Model model, Settings.Generation generation) {
        NumberRange side = NumberRange.between(MIN_SIDE, generation.maxSide());
        RequestLimits limits = new RequestLimits(
                generation.maxPromptLength(),
                side,
                side,
                List.of(),
                NumberRange.between(1, generation.maxCount()),
                SEEDS,
                true);
        for (Target target : model.targets()) {
            limits = limits.narrow(declaredBy(backendOf(target.backend())));
        }
        for (Target target : model.targets()) {
            BackendCapabilities backend = capabilities.get(target.backend());
            limits = backend == null ? limits : backend.narrow(limits, target.model());
        }
        return limits;
    }

    /** Returns the capabilities of a backend. */
    BackendCapabilities capabilitiesOf(String backend) {
        return capabilities.get(backend);
    }

    /** Returns whether the limits of a backend are read from its AI server. */
    boolean readsLimits(String backend) {
        return capabilities.containsKey(backend) && backendOf(backend).readLimits();
    }

    private Backend backendOf(String name) {
        return backends.stream()
                .filter(backend -> backend.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private static RequestLimits declaredBy(Backend backend) {
        if (backend.maxSide() == 0
                && backend.maxPromptLength() == 0
                && backend.maxCount() == 0
                && backend.sizes().isEmpty()) {
            return RequestLimits.NONE;
        }
        NumberRange side = NumberRange.between(0, orUnlimited(backend.maxSide()));
        return new RequestLimits(
                orUnlimited(backend.maxPromptLength()),
                side,
                side,
                backend.sizes().stream().map(ImageSize::parse).toList(),
                NumberRange.between(0, orUnlimited(backend.maxCount())),
                SEEDS,
                true);
    }

    /** @param limit 0 for none */
    private static int orUnlimited(int limit) {
        return limit == 0 ? Integer.MAX_VALUE : limit;
    }

    /** Returns the media types of the images that the backends of a model may make. */
    public List<String> imageFormatsOf(Model model) {
        return model.targets().stream()
                .flatMap(target -> backendOf(target.backend()).imageFormats().stream())
                .distinct()
                .map("image/"::concat)
                .toList();
    }

    /** Returns the schemas by which the parameters of a request are validated; empty when a backend of the model accepts none. */
    public List<ParametersSchema> parametersOf(Model model) {
        List<List<ParametersSchema>> schemas = model.targets().stream()
                .map(target -> capabilities.containsKey(target.backend())
                        ? capabilities.get(target.backend()).parameters(target.model())
                        : List.<ParametersSchema>of())
                .toList();
        return schemas.stream().anyMatch(List::isEmpty)
                ? List.of()
                : schemas.stream().flatMap(List::stream).toList();
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
