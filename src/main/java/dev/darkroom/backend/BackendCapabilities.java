package dev.darkroom.backend;

import dev.darkroom.backend.RequestLimits.ImageSize;
import dev.darkroom.config.BackendSettings;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Limits and parameters of requests to one AI server: those of its settings, those of its protocol, and those that were read from the
 * server. Thread-safe.
 */
public final class BackendCapabilities {
    private static final String DEFAULT_MODEL = "";

    private final BackendSettings settings;
    private final ImageBackend client;
    private final ParametersSchema schema;
    private final RequestLimits declaredLimits;
    /** The last result for each model; absent before the first. */
    private final Map<String, ReadResult> results = new ConcurrentHashMap<>();

    /** @param parameters null when the AI server describes no parameter */
    private record ReadResult(ServerLimits limits, ParametersSchema parameters) {}

    /** @param schema of the parameters; null when the AI server accepts none */
    public BackendCapabilities(BackendSettings settings, ImageBackend client, ParametersSchema schema) {
        this.settings = settings;
        this.client = client;
        this.schema = schema;
        this.declaredLimits = toLimits(settings);
    }

    private static RequestLimits toLimits(BackendSettings settings) {
        NumberRange side = NumberRange.between(BackendSettings.MIN_SIDE, settings.maxSide());
        return new RequestLimits(
                settings.maxPromptLength(),
                side,
                side,
                settings.sizes().stream().map(ImageSize::parse).toList(),
                NumberRange.between(1, settings.maxCount()),
                RequestLimits.SEEDS,
                true,
                InputLimits.upTo(settings.maxInputImages(), true));
    }

    /** Returns the settings of the AI server. */
    public BackendSettings settings() {
        return settings;
    }

    /** Returns the limits of the settings. */
    public RequestLimits declaredLimits() {
        return declaredLimits;
    }

    /**
     * Narrows limits to those of the protocol, and to those that were read. Ignores a limit that was read and would leave no value.
     *
     * @param model name of the model at the AI server; null for its default
     */
    public RequestLimits narrow(RequestLimits limits, String model) {
        RequestLimits sent = limits.narrow(client.limits(model));
        ReadResult result = results.get(key(model));
        return result == null ? sent : sent.narrowIfPossible(result.limits().toRequestLimits());
    }

    /** Returns whether the protocol and the settings accept the input images of a request. */
    public boolean acceptsInputs(ImageRequest request) {
        return request.inputs().isEmpty()
                || declaredLimits
                        .narrow(client.limits(request.model()))
                        .inputs()
                        .accept(request.inputs());
    }

    /** Returns the schemas of the parameters: that of the settings, and the one that was read; empty when none are accepted. */
    public List<ParametersSchema> parameters(String model) {
        if (schema == null) {
            return List.of();
        }
        ReadResult result = results.get(key(model));
        return result == null || result.parameters() == null ? List.of(schema) : List.of(schema, result.parameters());
    }

    /** Returns whether the parameters of a request, which may have none, are valid by the settings. */
    public boolean acceptsParameters(JsonObject parameters) {
        return schema == null ? parameters == null : schema.validate(parameters).isEmpty();
    }

    /** Returns the limits that were read, by the name of the model at the AI server. The empty name stands for its default. */
    public SortedMap<String, ServerLimits> serverLimits() {
        SortedMap<String, ServerLimits> limits = new TreeMap<>();
        results.forEach((model, result) -> limits.put(model, result.limits()));
        return limits;
    }

    /**
     * Reads the limits of a model from the AI server. A failure keeps the previous ones.
     *
     * @return completes within {@code timeout}; fails when they were not read
     */
    public Future<Void> readLimits(String model, Duration timeout) {
        Set<String> names = schema == null ? Set.of() : schema.properties().keySet();
        return client.readLimits(model, names, timeout).map(limits -> {
            limits.ifPresent(
                    present -> results.put(key(model), new ReadResult(present, toSchema(present.parameters()))));
            return null;
        });
    }

    private static ParametersSchema toSchema(Map<String, JsonObject> parameters) {
        if (parameters.isEmpty()) {
            return null;
        }
        JsonObject properties = new JsonObject();
        parameters.forEach(properties::put);
        Buffer json = new JsonObject()
                .put("type", "object")
                .put("properties", properties)
                .put("additionalProperties", true)
                .toBuffer();
        return ParametersSchema.parse("of the AI server", json, Set.of());
    }

    private static String key(String model) {
        return model == null ? DEFAULT_MODEL : model;
    }
}
