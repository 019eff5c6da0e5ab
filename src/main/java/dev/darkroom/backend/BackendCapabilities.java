package dev.darkroom.backend;

import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What requests to one AI server may have: the fields that its protocol sends, the schema of its parameters, and the limits that it told.
 * Thread-safe.
 */
public final class BackendCapabilities {
    private static final String DEFAULT_MODEL = "";

    private final ImageBackend client;
    private final ParametersSchema schema;
    /** The last answer for each model; absent before the first. */
    private final Map<String, Told> toldByModel = new ConcurrentHashMap<>();

    /** @param parameters null when the AI server told nothing about parameters */
    private record Told(ServerLimits limits, ParametersSchema parameters) {}

    /** @param schema of the parameters; null when the AI server accepts none */
    public BackendCapabilities(ImageBackend client, ParametersSchema schema) {
        this.client = client;
        this.schema = schema;
    }

    /**
     * Narrows limits to what the AI server accepts. Ignores a limit that it told and that would leave no value.
     *
     * @param model name of the model at the AI server; null for its default
     */
    public RequestLimits narrow(RequestLimits limits, String model) {
        RequestLimits sent = limits.narrow(client.limits(model));
        return told(model)
                .map(told -> sent.narrowIfPossible(told.toRequestLimits()))
                .orElse(sent);
    }

    /** Returns the schemas of the parameters: that of the settings, and what the AI server told; empty when it accepts none. */
    public List<ParametersSchema> parameters(String model) {
        if (schema == null) {
            return List.of();
        }
        Told told = toldByModel.get(key(model));
        return told == null || told.parameters() == null ? List.of(schema) : List.of(schema, told.parameters());
    }

    /** Returns whether the parameters of a request, which may have none, are valid by the settings. */
    public boolean acceptsParameters(JsonObject parameters) {
        return schema == null ? parameters == null : schema.validate(parameters).isEmpty();
    }

    /** Returns what the AI server told about a model; empty before its first answer. */
    public Optional<ServerLimits> told(String model) {
        return Optional.ofNullable(toldByModel.get(key(model))).map(Told::limits);
    }

    /**
     * Reads the limits of a model from the AI server. A failure keeps the previous answer.
     *
     * @return completes within {@code timeout}; fails when they were not read
     */
    public Future<Void> read(String model, Duration timeout) {
        Set<String> names = schema == null ? Set.of() : schema.properties().keySet();
        return client.readLimits(model, names, timeout).map(limits -> {
            limits.ifPresent(present -> toldByModel.put(key(model), new Told(present, toSchema(present.parameters()))));
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
