package dev.darkroom.backend.replicate;

import com.fasterxml.jackson.databind.JsonNode;
import dev.darkroom.backend.NumberRange;
import dev.darkroom.backend.ServerLimits;
import dev.darkroom.backend.http.InputFields;
import io.vertx.core.json.JsonObject;
import io.vertx.core.json.jackson.DatabindCodec;
import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Reads the inputs of a model from its OpenAPI document, as cog creates it: {@code components.schemas.Input.properties}. An input with
 * choices refers to a schema with {@code enum}. Pure functions.
 */
final class InputSchema {
    private static final String REFERENCE = "#/components/schemas/";
    private static final int MAX_REFERENCES = 4;

    private InputSchema() {}

    /**
     * Returns the limits of requests.
     *
     * @param documentPath names of the members that lead to the OpenAPI document
     * @param names of the parameters
     * @throws IOException when the body has no such document
     */
    static ServerLimits parse(InputStream body, List<String> documentPath, InputFields fields, Set<String> names)
            throws IOException {
        JsonNode document = DatabindCodec.mapper().readTree(body);
        for (String member : documentPath) {
            document = document.path(member);
        }
        JsonNode schemas = document.path("components").path("schemas");
        JsonNode inputs = schemas.path("Input").path("properties");
        if (!inputs.has(fields.prompt())) {
            throw new IOException("no schema with the input " + fields.prompt());
        }
        Set<String> unsupported = new HashSet<>();
        addIfMissing(ServerLimits.COUNT, fields.count(), inputs, unsupported);
        addIfMissing(ServerLimits.SEED, fields.seed(), inputs, unsupported);
        addIfMissing(ServerLimits.NEGATIVE_PROMPT, fields.negativePrompt(), inputs, unsupported);
        Map<String, JsonObject> parameters = new HashMap<>();
        for (String name : names) {
            // An unknown input is dropped silently.
            parameters.put(name, describe(name, inputs, schemas));
        }
        parameters.values().removeIf(JsonObject::isEmpty);
        return new ServerLimits(
                Instant.now(),
                ServerLimits.maxLengthOf(describe(fields.prompt(), inputs, schemas)),
                range(fields.width(), inputs, schemas),
                range(fields.height(), inputs, schemas),
                range(fields.count(), inputs, schemas),
                range(fields.seed(), inputs, schemas),
                unsupported,
                parameters);
    }

    /** @param input null for a field that is not sent */
    private static void addIfMissing(String field, String input, JsonNode inputs, Set<String> missing) {
        if (input != null && !inputs.has(input)) {
            missing.add(field);
        }
    }

    private static NumberRange range(String input, JsonNode inputs, JsonNode schemas) {
        return input == null ? null : ServerLimits.rangeOf(describe(input, inputs, schemas));
    }

    private static JsonObject describe(String input, JsonNode inputs, JsonNode schemas) {
        JsonObject description = new JsonObject();
        collect(inputs.path(input), schemas, description, 0);
        return description;
    }

    /** Adds the keywords of a schema and of the schemas that it consists of. */
    private static void collect(JsonNode schema, JsonNode schemas, JsonObject description, int references) {
        ServerLimits.copyKeywords(schema, description);
        String reference = schema.path("$ref").asText();
        if (reference.startsWith(REFERENCE) && references < MAX_REFERENCES) {
            collect(schemas.path(reference.substring(REFERENCE.length())), schemas, description, references + 1);
        }
        schema.path("allOf").forEach(part -> collect(part, schemas, description, references + 1));
        // An optional input is one schema or null.
        List<JsonNode> alternatives = new ArrayList<>();
        schema.path("anyOf").forEach(part -> {
            if (!part.path("type").asText().equals("null")) {
                alternatives.add(part);
            }
        });
        if (alternatives.size() == 1) {
            collect(alternatives.get(0), schemas, description, references + 1);
        }
    }
}
