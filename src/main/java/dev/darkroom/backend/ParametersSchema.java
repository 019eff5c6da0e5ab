package dev.darkroom.backend;

import com.fasterxml.jackson.databind.JsonNode;
import com.networknt.schema.Error;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SchemaRegistryConfig;
import com.networknt.schema.dialect.DialectId;
import com.networknt.schema.dialect.Dialects;
import dev.darkroom.eventbus.FieldError;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.Json;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.core.json.jackson.DatabindCodec;
import io.vertx.core.json.pointer.JsonPointer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * JSON Schema, draft 2020-12, of the {@code parameters} that requests may send to an AI server. Objects are closed: an object schema
 * without {@code additionalProperties} accepts only its {@code properties}. Loads no other file or URL. Immutable.
 */
public final class ParametersSchema {
    /** Field of a request with the parameters. */
    public static final String FIELD = "parameters";

    private static final int MAX_FILE_BYTES = 256 * 1024;
    private static final String ADDITIONAL_PROPERTIES = "additionalProperties";
    private static final String META_SCHEMAS = "https://json-schema.org/draft/2020-12/";
    private static final SchemaRegistry REGISTRY = SchemaRegistry.withDialect(
            Dialects.getDraft202012(),
            builder -> builder.schemaRegistryConfig(SchemaRegistryConfig.builder()
                            .locale(Locale.ENGLISH)
                            .build())
                    .schemaCacheEnabled(false)
                    // Otherwise a reference could read files of the class path.
                    .schemaLoader(loader -> loader.allow(iri -> iri.toString().startsWith(META_SCHEMAS))));

    private final String name;
    private final JsonObject json;
    private final Schema schema;
    private final Set<String> reserved;

    private ParametersSchema(String name, JsonObject json, Set<String> reserved) {
        this.name = name;
        this.json = json;
        this.reserved = Set.copyOf(reserved);
        for (String property : properties().keySet()) {
            if (reserved.contains(property)) {
                throw invalid(name, "\"" + property + "\" is a field that Darkroom writes");
            }
        }
        this.schema = compile(name, json);
    }

    /**
     * Reads a file. Blocks.
     *
     * @param reserved fields of the protocol that Darkroom writes, which are never parameters
     * @throws InvalidParametersSchemaException when the file is not readable, is no object schema, or has a reserved property
     */
    public static ParametersSchema load(Path file, Set<String> reserved) {
        try {
            if (Files.size(file) > MAX_FILE_BYTES) {
                throw invalid(file.toString(), "larger than " + MAX_FILE_BYTES + " bytes");
            }
            return parse(file.toString(), Buffer.buffer(Files.readAllBytes(file)), reserved);
        } catch (IOException e) {
            throw invalid(file.toString(), "not readable: " + e);
        }
    }

    /** @param name of the file, for messages */
    public static ParametersSchema parse(String name, Buffer json, Set<String> reserved) {
        try {
            if (Json.decodeValue(json) instanceof JsonObject object) {
                return new ParametersSchema(name, close(requireObjectSchema(name, object)), reserved);
            }
        } catch (DecodeException e) {
            throw invalid(name, "not valid JSON: " + e.getMessage());
        }
        throw invalid(name, "not a JSON object");
    }

    private static JsonObject requireObjectSchema(String name, JsonObject object) {
        List<Error> errors = REGISTRY.getSchema(SchemaLocation.of(DialectId.DRAFT_2020_12))
                .validate(DatabindCodec.mapper().<JsonNode>valueToTree(object));
        if (!errors.isEmpty()) {
            throw invalid(name, "not a JSON Schema of draft 2020-12: " + errors.get(0));
        }
        if (!DialectId.DRAFT_2020_12.equals(object.getValue("$schema", DialectId.DRAFT_2020_12))) {
            throw invalid(name, "expected draft 2020-12 in $schema");
        }
        if (!"object".equals(object.getValue("type"))) {
            throw invalid(name, "expected an object schema: \"type\": \"object\"");
        }
        return object;
    }

    /** Adds {@code additionalProperties: false} to object schemas below {@code properties} and {@code items} that leave it open. */
    private static JsonObject close(JsonObject schema) {
        JsonObject closed = schema.copy();
        if (closed.getValue("properties") instanceof JsonObject properties) {
            Set.copyOf(properties.fieldNames()).forEach(property -> closeMember(properties, property));
        }
        closeMember(closed, "items");
        boolean describesObject = closed.containsKey("properties") || "object".equals(closed.getValue("type"));
        if (describesObject
                && !closed.containsKey(ADDITIONAL_PROPERTIES)
                && !closed.containsKey("unevaluatedProperties")) {
            closed.put(ADDITIONAL_PROPERTIES, false);
        }
        return closed;
    }

    private static void closeMember(JsonObject parent, String member) {
        if (parent.getValue(member) instanceof JsonObject schema) {
            parent.put(member, close(schema));
        }
    }

    private static Schema compile(String name, JsonObject json) {
        try {
            Schema schema = REGISTRY.getSchema(DatabindCodec.mapper().<JsonNode>valueToTree(json));
            schema.initializeValidators();
            return schema;
        } catch (RuntimeException e) {
            // An unresolvable reference or an invalid regular expression. The library has one exception type for each.
            throw invalid(name, e.getMessage());
        }
    }

    private static InvalidParametersSchemaException invalid(String name, String reason) {
        return new InvalidParametersSchemaException("parameters schema " + name + ": " + reason);
    }

    /** Returns the name of the file. */
    public String name() {
        return name;
    }

    /** Returns the schema as JSON, with closed objects. It must not be changed. */
    public JsonObject json() {
        return json;
    }

    /** Returns the schemas of the parameters by name, in their order. */
    public Map<String, Object> properties() {
        Map<String, Object> byName = new LinkedHashMap<>();
        json.getJsonObject("properties", new JsonObject())
                .forEach(property -> byName.put(property.getKey(), property.getValue()));
        return byName;
    }

    /** Returns whether every request has this parameter. */
    public boolean requires(String property) {
        return json.getJsonArray("required", new JsonArray()).contains(property);
    }

    /**
     * Validates the parameters of a request.
     *
     * @param parameters null counts as empty
     * @return one error per invalid member; empty when they are valid
     */
    public List<FieldError> validate(JsonObject parameters) {
        JsonObject given = parameters == null ? new JsonObject() : parameters;
        Map<String, FieldError> byPointer = new LinkedHashMap<>();
        given.fieldNames().stream()
                .filter(reserved::contains)
                .forEach(field -> put(byPointer, pointer().append(field), "is a field that Darkroom writes"));
        for (Error error : schema.validate(DatabindCodec.mapper().<JsonNode>valueToTree(given))) {
            JsonPointer pointer = pointer();
            for (int i = 0; i < error.getInstanceLocation().getNameCount(); i++) {
                pointer.append(String.valueOf(error.getInstanceLocation().getElement(i)));
            }
            put(
                    byPointer,
                    error.getProperty() == null ? pointer : pointer.append(error.getProperty()),
                    describe(error));
        }
        return List.copyOf(byPointer.values());
    }

    private static JsonPointer pointer() {
        return JsonPointer.create().append(FIELD);
    }

    private static void put(Map<String, FieldError> byPointer, JsonPointer pointer, String detail) {
        String text = pointer.toURI().toString();
        byPointer.putIfAbsent(text, new FieldError(text, detail));
    }

    private static String describe(Error error) {
        return switch (error.getKeyword()) {
            case "required" -> "is required";
            case ADDITIONAL_PROPERTIES, "unevaluatedProperties" -> "is not a known parameter";
            default -> error.getMessage();
        };
    }
}
