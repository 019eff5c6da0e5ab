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

/** {@code openapi.yaml} as written, without the changes of {@link ContractLoader}. Thread-safe. */
public final class OpenApiFile {
    private static final Set<String> METHODS =
            Set.of("get", "put", "post", "delete", "options", "head", "patch", "trace");

    private final JsonNode root;

    /** Cached by schema: creating a validator takes many times longer than a validation. */
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

    /** Reads the copy that responses must match, see {@link StrictContract}. */
    public static OpenApiFile readStrict() {
        return new OpenApiFile(StrictContract.derive(read().root));
    }

    /** Returns the node at a JSON pointer. */
    JsonNode at(String pointer) {
        return root.at(pointer);
    }

    List<String> references() {
        return root.findValuesAsText("$ref");
    }

    /** Returns every operation, by method, space and path. */
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

    /** Returns the media type objects of all JSON request bodies. */
    Map<String, JsonNode> requestBodies() {
        Map<String, JsonNode> bodies = new LinkedHashMap<>();
        operations().forEach((name, operation) -> addJson(bodies, name, operation.path("requestBody")));
        return bodies;
    }

    /** Returns the media type objects of all JSON response bodies. */
    Map<String, JsonNode> responseBodies() {
        Map<String, JsonNode> bodies = new LinkedHashMap<>();
        operations()
                .forEach((name, operation) -> operation
                        .path("responses")
                        .properties()
                        .forEach(response -> addJson(bodies, name + " " + response.getKey(), response.getValue())));
        root.at("/components/responses")
                .properties()
                .forEach(response -> addJson(bodies, response.getKey(), response.getValue()));
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

    void assertValid(String name, JsonNode schema, JsonNode example) {
        OutputUnit result = validate(schema, example);
        assertThat(result.getValid())
                .as("%s: %s: %s", name, example, result.toJson())
                .isTrue();
    }

    boolean isValid(JsonNode schema, JsonNode example) {
        return validate(schema, example).getValid();
    }

    private OutputUnit validate(JsonNode schema, JsonNode example) {
        return validators.computeIfAbsent(schema, this::validator).validate(Json.decodeValue(example.toString()));
    }

    /** Creates a validator of the schema together with the component schemas that it refers to. */
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
