package dev.darkroom.api.contract;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.vertx.core.json.Json;
import io.vertx.core.json.JsonObject;
import io.vertx.json.schema.Draft;
import io.vertx.json.schema.JsonSchema;
import io.vertx.json.schema.JsonSchemaOptions;
import io.vertx.json.schema.OutputFormat;
import io.vertx.json.schema.OutputUnit;
import io.vertx.json.schema.Validator;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** {@code openapi.yaml} as it is written, without what the library makes of it. */
public final class OpenApiFile {
    private static final Set<String> METHODS =
            Set.of("get", "put", "post", "delete", "options", "head", "patch", "trace");

    private final JsonNode root;

    /** By schema: to make one takes many times longer than what it is made for. */
    private final Map<JsonNode, Validator> validators = new ConcurrentHashMap<>();

    private OpenApiFile(JsonNode root) {
        this.root = root;
    }

    public static OpenApiFile read() {
        try {
            return new OpenApiFile(new YAMLMapper().readTree(Files.readString(Path.of("openapi.yaml"))));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The copy that responses are held against, see {@link StrictContract}. */
    public static OpenApiFile readClosed() {
        return new OpenApiFile(StrictContract.derive(read().root));
    }

    /** What stands at a JSON pointer. */
    JsonNode at(String pointer) {
        return root.at(pointer);
    }

    List<String> references() {
        return root.findValuesAsText("$ref");
    }

    /** Every operation by method, a space, and path. */
    public Map<String, JsonNode> operations() {
        Map<String, JsonNode> operations = new LinkedHashMap<>();
        root.path("paths")
                .properties()
                .forEach(path -> path.getValue().properties().forEach(entry -> {
                    if (METHODS.contains(entry.getKey())) {
                        operations.put(entry.getKey() + " " + path.getKey(), entry.getValue());
                    }
                }));
        return operations;
    }

    /** The media type objects of all JSON request bodies. */
    Map<String, JsonNode> requestBodies() {
        Map<String, JsonNode> bodies = new LinkedHashMap<>();
        operations().forEach((name, operation) -> addJson(bodies, name, operation.path("requestBody")));
        return bodies;
    }

    /** The media type objects of all JSON response bodies. */
    Map<String, JsonNode> responseBodies() {
        Map<String, JsonNode> bodies = new LinkedHashMap<>();
        operations()
                .forEach((name, operation) -> operation
                        .path("responses")
                        .properties()
                        .forEach(answer -> addJson(bodies, name + " " + answer.getKey(), answer.getValue())));
        root.at("/components/responses")
                .properties()
                .forEach(answer -> addJson(bodies, answer.getKey(), answer.getValue()));
        return bodies;
    }

    private void addJson(Map<String, JsonNode> bodies, String name, JsonNode carrier) {
        resolved(carrier).path("content").properties().forEach(content -> {
            if (content.getKey().endsWith("json")) {
                bodies.put(name, content.getValue());
            }
        });
    }

    List<JsonNode> examples(JsonNode body) {
        List<JsonNode> examples = new ArrayList<>();
        body.path("examples").forEach(example -> examples.add(resolved(example).path("value")));
        if (body.has("example")) {
            examples.add(body.get("example"));
        }
        return examples;
    }

    JsonNode resolved(JsonNode node) {
        return node.has("$ref") ? root.at(node.get("$ref").asText().substring(1)) : node;
    }

    void assertFits(String name, JsonNode schema, JsonNode example) {
        OutputUnit result = validate(schema, example);
        assertThat(result.getValid())
                .as("%s: %s: %s", name, example, result.toJson())
                .isTrue();
    }

    boolean fits(JsonNode schema, JsonNode example) {
        return validate(schema, example).getValid();
    }

    private OutputUnit validate(JsonNode schema, JsonNode example) {
        return validators.computeIfAbsent(schema, this::validator).validate(Json.decodeValue(example.toString()));
    }

    /** The component schemas travel with the schema, so that its references lead somewhere. */
    private Validator validator(JsonNode schema) {
        JsonObject components = new JsonObject()
                .put("schemas", new JsonObject(root.at("/components/schemas").toString()));
        JsonObject whole = new JsonObject().put("components", components);
        new JsonObject(schema.toString()).forEach(entry -> whole.put(entry.getKey(), entry.getValue()));
        return Validator.create(
                JsonSchema.of(whole),
                new JsonSchemaOptions()
                        .setBaseUri("app://contract")
                        .setDraft(Draft.DRAFT202012)
                        .setOutputFormat(OutputFormat.Basic));
    }
}
