package dev.darkroom.backend.stability;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.darkroom.backend.http.BackendCallException;
import dev.darkroom.backend.http.ImageTextDecoder;
import dev.darkroom.image.ChunkedBytes;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.util.regex.Pattern;

/**
 * Parses a successful response: {@code {"image":"<base64>","finish_reason","seed"}}, with {@code result} in place of {@code image} for
 * a result that was fetched, or {@code {"id"}} for one that is not ready. Streams the tokens and decodes the image while reading.
 * CPU-bound, runs on worker threads. Thread-safe.
 */
final class GenerationResultParser {
    /** Characters that need no encoding in a URL. */
    private static final Pattern ID = Pattern.compile("[A-Za-z0-9_-]{1,128}");

    private final ImageTextDecoder decoder;

    private static final class ParsingState {
        private ChunkedBytes image;
        private String finishReason;
        private String id;
        private Buffer error;
    }

    /** @param maxImageBytes maximum size of the image in bytes */
    GenerationResultParser(int maxImageBytes) {
        this.decoder = new ImageTextDecoder(maxImageBytes);
    }

    /**
     * Parses a response.
     *
     * @param body drained by this method
     * @throws BackendCallException when the body is not a JSON object or the image cannot be decoded
     */
    GenerationResult parse(ChunkedBytes body) {
        ParsingState state = new ParsingState();
        try (JsonParser parser = decoder.json().createParser(body.drain())) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw BackendCallException.malformedResponse();
            }
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                readField(parser, body, state);
            }
            if (parser.currentToken() != JsonToken.END_OBJECT) {
                throw BackendCallException.malformedResponse();
            }
        } catch (IOException e) {
            throw BackendCallException.malformedResponse();
        }
        return new GenerationResult(state.image, state.finishReason, state.id, state.error);
    }

    private void readField(JsonParser parser, ChunkedBytes body, ParsingState state) throws IOException {
        String field = parser.currentName();
        JsonToken value = parser.nextToken();
        boolean text = value == JsonToken.VALUE_STRING;
        switch (field) {
            case "image", "result" -> {
                if (text && !ImageTextDecoder.isBlank(parser, body)) {
                    state.image = decoder.decode(parser, body);
                } else {
                    parser.skipChildren();
                }
            }
            case "finish_reason" -> state.finishReason = text ? parser.getText() : null;
            case "id" -> state.id = text && ID.matcher(parser.getText()).matches() ? parser.getText() : null;
            case "error", "errors" ->
                state.error = value == JsonToken.VALUE_NULL ? null : decoder.copyField(parser, field);
            default -> parser.skipChildren();
        }
    }
}
