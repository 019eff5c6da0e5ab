package dev.darkroom.generation.json;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.util.TokenBuffer;
import dev.darkroom.eventbus.Rfc3339Timestamp;
import dev.darkroom.generation.Attempt;
import dev.darkroom.generation.Generation;
import dev.darkroom.generation.GenerationError;
import dev.darkroom.generation.GenerationListCursor;
import dev.darkroom.generation.GenerationRequest;
import dev.darkroom.generation.GenerationResult.GenerationPage;
import dev.darkroom.generation.GenerationStatus;
import dev.darkroom.generation.StoredImage;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import io.vertx.core.json.jackson.DatabindCodec;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Writes generations as JSON, in two forms: for the event bus with the owner and the ids of images, for HTTP with the URLs of images.
 * Thread-safe.
 */
public final class GenerationJson {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private GenerationJson() {}

    private interface Content {
        void write(JsonGenerator json) throws IOException;
    }

    /** Returns a generation in the form of the event bus. */
    public static JsonObject toJson(Generation generation) {
        return toJson(json -> write(json, generation, null));
    }

    /** Returns an image in the form of the event bus. */
    static JsonObject toJson(StoredImage image) {
        return toJson(json -> write(json, image, (String) null));
    }

    /**
     * Encodes a generation in the form of HTTP.
     *
     * @param imageUrl returns the URL of an image
     */
    public static Buffer encode(Generation generation, Function<StoredImage, String> imageUrl) {
        return encode(estimateLength(generation), json -> write(json, generation, imageUrl));
    }

    /** Encodes a page of a list in the form of HTTP. */
    public static Buffer encode(GenerationPage page, Function<StoredImage, String> imageUrl) {
        int length =
                page.items().stream().mapToInt(GenerationJson::estimateLength).sum();
        return encode(length, json -> {
            json.writeStartObject();
            json.writeArrayFieldStart("items");
            for (Generation generation : page.items()) {
                write(json, generation, imageUrl);
            }
            json.writeEndArray();
            GenerationListCursor next = page.nextCursor();
            writePresent(json, "nextCursor", next == null ? null : next.encode());
            json.writeEndObject();
        });
    }

    /** Returns the length of the texts, one byte per character, with room for the other fields. */
    private static int estimateLength(Generation generation) {
        GenerationRequest request = generation.request();
        String negativePrompt = request.negativePrompt();
        return 640 + request.prompt().length() + (negativePrompt == null ? 0 : negativePrompt.length());
    }

    /** Writes into the buffer that is sent, because a prompt may be long. */
    private static Buffer encode(int estimatedLength, Content content) {
        Buffer buffer = Buffer.buffer(estimatedLength);
        try (JsonGenerator json = MAPPER.createGenerator(new BufferOutputStream(buffer))) {
            content.write(json);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return buffer;
    }

    /** Appends to a buffer. */
    private static final class BufferOutputStream extends OutputStream {
        private final Buffer buffer;

        BufferOutputStream(Buffer buffer) {
            this.buffer = buffer;
        }

        @Override
        public void write(int value) {
            buffer.appendByte((byte) value);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) {
            buffer.appendBytes(bytes, offset, length);
        }
    }

    @SuppressWarnings("unchecked")
    private static JsonObject toJson(Content content) {
        try (TokenBuffer tokens = new TokenBuffer(MAPPER, false)) {
            content.write(tokens);
            return new JsonObject((Map<String, Object>) MAPPER.readValue(tokens.asParser(), Map.class));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void write(JsonGenerator json, Generation generation, Function<StoredImage, String> imageUrl)
            throws IOException {
        json.writeStartObject();
        json.writeStringField("id", generation.id().toString());
        if (imageUrl == null) {
            json.writeStringField("user", generation.userId());
        }
        json.writeStringField("status", generation.status().name());
        write(json, generation.request());
        if (generation.retryOf() != null) {
            json.writeStringField("retryOf", generation.retryOf().toString());
        }
        json.writeNumberField("failedAttempts", generation.failedAttempts());
        json.writeNumberField("submissions", generation.submissions());
        if (generation.costMicros().isPresent()) {
            json.writeNumberField("costMicros", generation.costMicros().getAsLong());
        }
        json.writeArrayFieldStart("attempts");
        for (Attempt attempt : generation.attempts()) {
            AttemptJson.write(json, attempt);
        }
        json.writeEndArray();
        List<String> urls = imageUrl == null
                ? List.of()
                : generation.images().stream().map(imageUrl).toList();
        if (generation.status() == GenerationStatus.COMPLETE) {
            json.writeArrayFieldStart("images");
            for (int i = 0; i < generation.images().size(); i++) {
                write(json, generation.images().get(i), imageUrl == null ? null : urls.get(i));
            }
            json.writeEndArray();
        }
        if (generation.error() != null) {
            write(json, generation.error());
        }
        writeTime(json, "createdAt", generation.createdAt());
        writeTime(json, "updatedAt", generation.updatedAt());
        writeTime(json, "completedAt", generation.completedAt());
        if (generation.queuePosition() != null) {
            json.writeNumberField("queuePosition", generation.queuePosition().ahead() + 1);
            writeTime(json, "estimatedStart", generation.queuePosition().estimatedStart());
        }
        if (generation.status() == GenerationStatus.COMPLETE && imageUrl != null) {
            json.writeArrayFieldStart("imageUrls");
            for (String url : urls) {
                json.writeString(url);
            }
            json.writeEndArray();
        }
        json.writeEndObject();
    }

    private static void write(JsonGenerator json, GenerationRequest request) throws IOException {
        json.writeStringField("prompt", request.prompt());
        writePresent(json, "negativePrompt", request.negativePrompt());
        json.writeNumberField("width", request.width());
        json.writeNumberField("height", request.height());
        json.writeNumberField("count", request.count());
        json.writeNumberField("seed", request.seed());
        writePresent(json, "model", request.model());
        if (request.metadata() != null) {
            json.writeObjectFieldStart("metadata");
            for (Map.Entry<String, String> pair : request.metadata().entrySet()) {
                json.writeStringField(pair.getKey(), pair.getValue());
            }
            json.writeEndObject();
        }
        if (request.parameters() != null) {
            json.writeFieldName("parameters");
            DatabindCodec.mapper().writeValue(json, request.parameters());
        }
        InputImageJson.write(json, request.inputs());
        if (request.priority() != null) {
            json.writeNumberField("priority", request.priority());
        }
    }

    private static void write(JsonGenerator json, GenerationError error) throws IOException {
        json.writeObjectFieldStart("error");
        json.writeStringField("code", error.code());
        json.writeStringField("errorClass", error.failureClass().name());
        json.writeStringField("message", error.message());
        json.writeBooleanField("retryable", error.retryable());
        json.writeEndObject();
    }

    /** @param url null in the form of the event bus, which has the id instead */
    private static void write(JsonGenerator json, StoredImage image, String url) throws IOException {
        json.writeStartObject();
        if (url == null) {
            json.writeStringField("id", image.id().toString());
        }
        json.writeStringField("contentType", image.contentType());
        json.writeNumberField("width", image.width());
        json.writeNumberField("height", image.height());
        json.writeNumberField("bytes", image.bytes());
        json.writeStringField("sha256", image.sha256());
        writePresent(json, "url", url);
        json.writeEndObject();
    }

    static void writePresent(JsonGenerator json, String field, String value) throws IOException {
        if (value != null) {
            json.writeStringField(field, value);
        }
    }

    static void writeTime(JsonGenerator json, String field, Instant time) throws IOException {
        writePresent(json, field, Rfc3339Timestamp.format(time));
    }
}
