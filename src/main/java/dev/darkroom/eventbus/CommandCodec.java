package dev.darkroom.eventbus;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.eventbus.EventBus;
import io.vertx.core.eventbus.MessageCodec;
import io.vertx.core.json.jackson.VertxModule;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Event-bus codec of commands and their replies. Inside a process it passes the reference, because both are immutable. To another process
 * it sends versioned JSON: {@code {"version", "type", "command"}}, {@code {"version", "type", "result"}} or {@code {"version",
 * "rejection"}}. Thread-safe.
 */
public final class CommandCodec implements MessageCodec<Object, Object> {
    public static final String NAME = "darkroom.command";

    /** Version of the JSON. Decoding another version results in {@link UnknownMessage}. */
    static final int VERSION = 1;

    private static final ObjectMapper MAPPER = JsonMapper.builder()
            .addModules(new JavaTimeModule(), new VertxModule())
            .disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS, SerializationFeature.WRITE_DURATIONS_AS_TIMESTAMPS)
            // A method such as isPending() is no component of a record.
            .disable(MapperFeature.AUTO_DETECT_IS_GETTERS)
            .serializationInclusion(JsonInclude.Include.NON_NULL)
            .build();

    /** Message that this process does not understand: of another version, or of an unknown type. */
    record UnknownMessage(String reason) {}

    private final Map<String, Class<?>> types = new HashMap<>();

    /**
     * @param families sealed interfaces of the commands and results that may be sent to other processes; empty for a codec that is used
     *     only inside a process
     */
    public CommandCodec(Collection<Class<?>> families) {
        families.forEach(this::addTypes);
    }

    /** Registers a codec without families, unless the event bus has a codec already. */
    public static void register(EventBus eventBus) {
        register(eventBus, List.of());
    }

    /** Registers a codec, unless the event bus has a codec already. */
    public static void register(EventBus eventBus, Collection<Class<?>> families) {
        try {
            eventBus.registerCodec(new CommandCodec(families));
        } catch (IllegalStateException alreadyRegistered) {
            // Several verticles share the event bus of a process.
        }
    }

    private void addTypes(Class<?> type) {
        if (type.isSealed()) {
            for (Class<?> permitted : type.getPermittedSubclasses()) {
                addTypes(permitted);
            }
        } else {
            types.put(type.getSimpleName(), type);
        }
    }

    @Override
    public Object transform(Object message) {
        return message;
    }

    @Override
    public void encodeToWire(Buffer buffer, Object message) {
        ObjectNode json = MAPPER.createObjectNode().put("version", VERSION);
        if (message instanceof CommandReply.Completed<?> completed) {
            putTyped(json, "result", completed.result());
        } else if (message instanceof CommandReply.Rejected<?> rejected) {
            json.set("rejection", MAPPER.valueToTree(rejected));
        } else {
            putTyped(json, "command", message);
        }
        byte[] bytes = json.toString().getBytes(StandardCharsets.UTF_8);
        buffer.appendInt(bytes.length).appendBytes(bytes);
    }

    private void putTyped(ObjectNode json, String field, Object value) {
        String name = value.getClass().getSimpleName();
        if (types.get(name) != value.getClass()) {
            throw new IllegalArgumentException(name + " is not a type for other processes");
        }
        json.put("type", name).set(field, MAPPER.valueToTree(value));
    }

    @Override
    public Object decodeFromWire(int position, Buffer buffer) {
        int start = position + Integer.BYTES;
        try {
            return decode(MAPPER.readTree(buffer.getBytes(start, start + buffer.getInt(position))));
        } catch (IOException | IllegalArgumentException e) {
            return new UnknownMessage(e.getMessage());
        }
    }

    private Object decode(JsonNode json) throws JsonProcessingException {
        if (json.path("version").asInt() != VERSION) {
            return new UnknownMessage("version " + json.path("version").asText());
        }
        if (json.has("rejection")) {
            return MAPPER.treeToValue(json.get("rejection"), CommandReply.Rejected.class);
        }
        Class<?> type = types.get(json.path("type").asText());
        if (type == null) {
            return new UnknownMessage("type " + json.path("type").asText());
        }
        return json.has("command")
                ? MAPPER.treeToValue(json.get("command"), type)
                : CommandReply.completed(MAPPER.treeToValue(json.get("result"), type));
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public byte systemCodecID() {
        return -1;
    }
}
