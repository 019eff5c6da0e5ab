package dev.darkroom.api.contract;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.yaml.snakeyaml.Yaml;

/**
 * Derives the strict form of {@code openapi.yaml}, which responses must match in tests. The contract leaves response schemas open, because
 * later versions may add fields. A field that this version sends without a description in the contract is nevertheless a fault.
 *
 * <p>The copy differs from the contract in four ways:
 *
 * <ul>
 *   <li>every object schema without {@code additionalProperties} rejects undescribed fields
 *   <li>{@code allOf} is merged into one object schema, so that closing a part does not reject the fields of the others
 *   <li>{@code contract/conditions.yaml} adds the conditions that the contract states in words
 *   <li>timestamps are in UTC with three fractional digits
 * </ul>
 */
final class StrictContract {
    private static final Set<String> NOT_SCHEMAS = Set.of("example", "examples", "value");
    private static final String TIMESTAMP = "^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{3}Z$";

    private StrictContract() {}

    /** Returns the strict copy and does not change {@code contract}. */
    static JsonNode derive(JsonNode contract) {
        ObjectNode copy = contract.deepCopy();
        ObjectNode schemas = (ObjectNode) copy.at("/components/schemas");
        JsonNode conditions = conditions();
        Map<String, JsonNode> inherited = new HashMap<>();
        for (String name : names(schemas)) {
            ObjectNode schema = (ObjectNode) schemas.get(name);
            if (schema.has("allOf")) {
                inherited.put(name, schema.get("allOf"));
                schemas.set(name, merged(schema, schemas));
            }
        }
        rejectUndescribedFields(copy);
        inherited.forEach((name, parts) -> parts.forEach(part -> {
            if (conditions.has(referenced(part))) {
                add(conditions.get(referenced(part)), (ObjectNode) schemas.get(name));
            }
        }));
        conditions.properties().forEach(entry -> add(entry.getValue(), (ObjectNode) schemas.get(entry.getKey())));
        ((ObjectNode) schemas.get("Timestamp")).put("pattern", TIMESTAMP);
        return copy;
    }

    private static List<String> names(JsonNode node) {
        List<String> names = new ArrayList<>();
        node.fieldNames().forEachRemaining(names::add);
        return names;
    }

    private static ObjectNode merged(JsonNode schema, ObjectNode schemas) {
        ObjectNode whole = schemas.objectNode().put("type", "object");
        ObjectNode properties = whole.putObject("properties");
        ArrayNode required = whole.putArray("required");
        for (JsonNode part : schema.get("allOf")) {
            JsonNode content = part.has("$ref") ? schemas.get(referenced(part)) : part;
            properties.setAll((ObjectNode) content.get("properties"));
            required.addAll((ArrayNode) content.get("required"));
        }
        return whole;
    }

    /** Returns the name of the referenced component, empty without a reference. */
    private static String referenced(JsonNode part) {
        String reference = part.path("$ref").asText();
        return reference.substring(reference.lastIndexOf('/') + 1);
    }

    private static void add(JsonNode condition, ObjectNode schema) {
        schema.withArray("allOf").add(condition);
    }

    private static void rejectUndescribedFields(JsonNode node) {
        if (node instanceof ObjectNode schema && schema.path("properties").isObject()) {
            if (!schema.has("additionalProperties")) {
                schema.put("additionalProperties", false);
            }
        }
        node.properties().stream()
                .filter(entry -> !NOT_SCHEMAS.contains(entry.getKey()))
                .forEach(entry -> rejectUndescribedFields(entry.getValue()));
        if (node.isArray()) {
            node.forEach(StrictContract::rejectUndescribedFields);
        }
    }

    private static JsonNode conditions() {
        try (InputStream in = StrictContract.class.getResourceAsStream("/contract/conditions.yaml")) {
            // Read as plain values first, because the tree reader does not resolve YAML anchors.
            return new YAMLMapper().valueToTree(new Yaml().<Object>load(in));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
