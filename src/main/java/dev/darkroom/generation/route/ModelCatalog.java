package dev.darkroom.generation.route;

import dev.darkroom.backend.ImageBackend;
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
 * @param parameters schemas of the backends that accept parameters, by the name of the backend
 * @param clients of the backends by name, which know further limits; may lack some
 */
public record ModelCatalog(
        List<Model> models,
        List<Backend> backends,
        Map<String, ParametersSchema> parameters,
        Map<String, ImageBackend> clients) {
    private static final int MIN_SIDE = 64;

    public ModelCatalog {
        models = List.copyOf(models);
        backends = List.copyOf(backends);
        parameters = Map.copyOf(parameters);
        clients = Map.copyOf(clients);
    }

    /** Creates a catalog of backends without parameters and further limits. */
    public ModelCatalog(List<Model> models, List<Backend> backends) {
        this(models, backends, Map.of(), Map.of());
    }

    /** Returns what all generations and all backends of a model allow, so that each of them can make a request. */
    public RequestLimits limitsOf(Model model, Settings.Generation generation) {
        RequestLimits limits = new RequestLimits(
                generation.maxPromptLength(),
                NumberRange.between(MIN_SIDE, generation.maxSide()),
                NumberRange.between(MIN_SIDE, generation.maxSide()),
                List.of(),
                NumberRange.between(1, generation.maxCount()),
                NumberRange.between(0, Integer.MAX_VALUE),
                true);
        for (Target target : model.targets()) {
            ImageBackend client = clients.get(target.backend());
            limits = limits.narrow(declaredBy(backendOf(target)))
                    .narrow(client == null ? RequestLimits.NONE : client.limits(target.model()));
        }
        return limits;
    }

    private Backend backendOf(Target target) {
        return backends.stream()
                .filter(backend -> backend.name().equals(target.backend()))
                .findFirst()
                .orElseThrow();
    }

    private static RequestLimits declaredBy(Backend backend) {
        NumberRange side = NumberRange.between(0, orUnlimited(backend.maxSide()));
        return new RequestLimits(
                orUnlimited(backend.maxPromptLength()),
                side,
                side,
                backend.sizes().stream().map(ImageSize::parse).toList(),
                NumberRange.between(0, orUnlimited(backend.maxCount())),
                NumberRange.between(0, Integer.MAX_VALUE),
                true);
    }

    /** @param limit 0 for none */
    private static int orUnlimited(int limit) {
        return limit == 0 ? Integer.MAX_VALUE : limit;
    }

    /** Returns the media types of the images that the backends of a model may make. */
    public List<String> imageFormatsOf(Model model) {
        return model.targets().stream()
                .flatMap(target -> backendOf(target).imageFormats().stream())
                .distinct()
                .map("image/"::concat)
                .toList();
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
