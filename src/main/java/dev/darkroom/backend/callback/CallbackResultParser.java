package dev.darkroom.backend.callback;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.darkroom.backend.http.BackendCallException;
import dev.darkroom.backend.http.ImageSource;
import dev.darkroom.backend.http.ImageTextDecoder;
import dev.darkroom.image.ChunkedBytes;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Parses a stored final report. Streams the tokens and decodes inline images while reading. CPU-bound, runs on worker threads.
 * Thread-safe.
 */
final class CallbackResultParser {
    private final ImageTextDecoder decoder;

    /** @param maxImageBytes maximum size of one image in bytes */
    CallbackResultParser(int maxImageBytes) {
        this.decoder = new ImageTextDecoder(maxImageBytes);
    }

    /**
     * Content of a report.
     *
     * @param images of a success
     * @param error of a failure; null for a success
     */
    record CallbackResult(List<ImageSource> images, JsonObject error) {}

    /**
     * Parses a report.
     *
     * @param body drained by this method
     * @param count number of requested images; further ones are ignored
     * @throws BackendCallException when the report is malformed or has too few images
     */
    CallbackResult parse(ChunkedBytes body, int count) {
        List<ImageSource> images = new ArrayList<>();
        JsonObject error = null;
        boolean failed = false;
        try (JsonParser parser = decoder.json().createParser(body.drain())) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw BackendCallException.malformedResponse();
            }
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String field = parser.currentName();
                JsonToken value = parser.nextToken();
                if (field.equals("status") && value == JsonToken.VALUE_STRING) {
                    failed = parser.getText().equals("failed");
                } else if (field.equals("images") && value == JsonToken.START_ARRAY) {
                    readImages(parser, body, images, count);
                } else if (field.equals("error") && value == JsonToken.START_OBJECT) {
                    error = new JsonObject(decoder.copyField(parser, field)).getJsonObject(field);
                } else {
                    parser.skipChildren();
                }
            }
        } catch (IOException e) {
            throw BackendCallException.malformedResponse();
        }
        if (failed) {
            return new CallbackResult(List.of(), error == null ? new JsonObject() : error);
        }
        if (images.isEmpty()) {
            throw BackendCallException.emptyResponse();
        }
        if (images.size() < count) {
            throw BackendCallException.tooFewImages();
        }
        return new CallbackResult(images, null);
    }

    private void readImages(JsonParser parser, ChunkedBytes body, List<ImageSource> images, int count)
            throws IOException {
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            if (parser.currentToken() == null) {
                throw BackendCallException.malformedResponse();
            }
            if (parser.currentToken() != JsonToken.VALUE_STRING || images.size() == count) {
                parser.skipChildren();
                continue;
            }
            ChunkedBytes bytes = decoder.decodeDataUrl(parser, body);
            images.add(bytes == null ? new ImageSource.Link(parser.getText()) : new ImageSource.Inline(bytes));
        }
    }
}
