package dev.darkroom.testing;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.vertx.core.json.JsonObject;
import io.vertx.json.schema.Draft;
import io.vertx.json.schema.JsonSchema;
import io.vertx.json.schema.JsonSchemaOptions;
import io.vertx.json.schema.OutputUnit;
import io.vertx.json.schema.Validator;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Validates received messages against {@code docs/asyncapi.yaml}, as {@code OpenApiResponseValidator} does for responses. The
 * channel must have a message of this name, and headers and payload must match their schemas. Thread-safe.
 */
public final class AsyncApiMessageValidator {
    private static final String STREAM = "/api/notifications/stream";
    private static final Path DOCS = Path.of("docs");
    private static final String SCHEMAS = "./schemas/notifications.schema.json#/$defs/";
    private static final JsonNode DOCUMENT = yaml(DOCS.resolve("asyncapi.yaml"));
    private static final JsonNode SCHEMA_TREE = yaml(DOCS.resolve("schemas/notifications.schema.json"));
    private static final JsonObject SCHEMA = new JsonObject(text(DOCS.resolve("schemas/notifications.schema.json")));

    /** Validators by schema name. Creating one takes much longer than using it. */
    private static final Map<String, Validator> VALIDATORS = new ConcurrentHashMap<>();

    private AsyncApiMessageValidator() {}

    /** Validates an event of a user's stream. Accepts the frame that only sets the event id. */
    public static void validateSse(SseParser.Frame frame) {
        validateEvent(STREAM, frame);
    }

    /** Validates an event of a user's stream or of a generation's stream, depending on the path of the request. */
    public static void validateSse(String path, SseParser.Frame frame) {
        if (path.equals(STREAM)) {
            validateSse(frame);
        } else {
            validateGenerationSse(frame);
        }
    }

    /** Validates an event of a generation's stream. */
    public static void validateGenerationSse(SseParser.Frame frame) {
        validateEvent("/api/generation/{generationId}/events", frame);
    }

    /** Validates a message that the server sent on the WebSocket. */
    public static void validateServerFrame(JsonObject frame) {
        validateMessage("/api/notifications/socket", "server", Map.of(), frame);
    }

    /** Validates a message that a client sends on the WebSocket. */
    public static void validateClientFrame(JsonObject frame) {
        validateMessage("/api/notifications/socket", "client", Map.of(), frame);
    }

    /**
     * Validates a webhook delivery.
     *
     * @param headers names in any case
     */
    public static void validateWebhook(Map<String, String> headers, JsonObject body) {
        Map<String, Object> lower = new TreeMap<>();
        headers.forEach((name, value) -> lower.put(name.toLowerCase(Locale.ROOT), value));
        validateMessage(null, "webhook", lower, body);
    }

    /** Validates the headers and the value of a record in the default topic. */
    public static void validateKafkaEvent(Map<String, Object> headers, JsonObject value) {
        validateMessage("darkroom.events", "kafkaEvent", headers, value);
    }

    /** Validates an event of the event bus. Of several messages, it uses the one with an example of the same type. */
    public static void validateBusEvent(String address, JsonObject body) {
        List<String> names = new ArrayList<>();
        channel(address).get("messages").properties().forEach(message -> {
            JsonNode example = resolveReference(message.getValue()).at("/examples/0/payload/type");
            if (example.asText().equals(body.getString("type"))) {
                names.add(0, message.getKey());
            } else {
                names.add(message.getKey());
            }
        });
        validateMessage(address, names.get(0), Map.of(), body);
    }

    /** Returns the AsyncAPI document. */
    public static JsonNode document() {
        return DOCUMENT;
    }

    /** Resolves {@code {"$ref": …}} to the document or to the schema file. Returns any other node unchanged. */
    public static JsonNode resolveReference(JsonNode node) {
        if (!node.has("$ref")) {
            return node;
        }
        String to = node.get("$ref").asText();
        JsonNode found = to.startsWith(SCHEMAS)
                ? SCHEMA_TREE.at("/$defs/" + to.substring(SCHEMAS.length()))
                : DOCUMENT.at(to.replaceFirst("^#", ""));
        assertThat(found.isMissingNode()).as("$ref " + to).isFalse();
        return resolveReference(found);
    }

    /**
     * Fails when a value does not match a schema of the document.
     *
     * @param description of the value, for the failure message
     */
    public static void assertFits(String description, JsonNode schema, JsonObject value) {
        String to = schema.path("$ref").asText();
        assertThat(to).as("%s: reference into the schema file", description).startsWith(SCHEMAS);
        OutputUnit result = VALIDATORS
                .computeIfAbsent(to.substring(SCHEMAS.length()), AsyncApiMessageValidator::validator)
                .validate(value);
        assertThat(result.getValid())
                .as("%s: %s: %s", description, value.encode(), result.getErrors())
                .isTrue();
    }

    private static Validator validator(String schema) {
        JsonObject whole = SCHEMA.copy().put("$ref", "#/$defs/" + schema);
        return Validator.create(
                JsonSchema.of(whole),
                new JsonSchemaOptions().setBaseUri("https://darkroom.dev/").setDraft(Draft.DRAFT202012));
    }

    private static void validateEvent(String address, SseParser.Frame frame) {
        if (frame.event().equals("message")) {
            assertThat(frame.data()).as("an event without a name").isEmpty();
        } else {
            validateMessage(address, frame.event(), Map.of(), new JsonObject(frame.data()));
        }
    }

    private static void validateMessage(String address, String name, Map<String, Object> headers, JsonObject payload) {
        String description = address + " " + name;
        JsonNode reference = channel(address).get("messages").path(name);
        assertThat(reference.isMissingNode()).as("%s is described", description).isFalse();
        JsonNode message = resolveReference(reference);
        if (message.has("headers")) {
            assertFits(description + ", headers", message.get("headers"), new JsonObject(headers));
        }
        assertFits(description, message.get("payload"), payload);
    }

    private static JsonNode channel(String address) {
        for (JsonNode channel : DOCUMENT.get("channels")) {
            JsonNode channelAddress = channel.get("address");
            if (address == null ? channelAddress.isNull() : address.equals(channelAddress.textValue())) {
                return channel;
            }
        }
        throw new AssertionError("docs/asyncapi.yaml has no channel " + address);
    }

    private static JsonNode yaml(Path file) {
        try {
            return new YAMLMapper().readTree(text(file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
