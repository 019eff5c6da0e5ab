package dev.darkroom.backend.fal;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.darkroom.backend.http.BackendCallException;
import dev.darkroom.backend.http.ImageSource;
import dev.darkroom.backend.http.ImageTextDecoder;
import dev.darkroom.image.ChunkedBytes;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Parses the output of a model: {@code {"images":[{"url":"…"}],"has_nsfw_concepts":[false]}}, or {@code image} for models with one image.
 * Streams the tokens, because a URL may be a data URL of many megabytes. CPU-bound, runs on worker threads. Thread-safe.
 */
final class FalOutputParser {
    private final ImageTextDecoder decoder;

    /**
     * Fields of an output.
     *
     * @param images the first images, as many as requested
     * @param flagged whether the safety checker found one of the images unsafe. fal replaces it by a black one
     */
    record Output(List<ImageSource> images, boolean flagged) {}

    /** @param maxImageBytes maximum size of one image in bytes */
    FalOutputParser(int maxImageBytes) {
        this.decoder = new ImageTextDecoder(maxImageBytes);
    }

    /**
     * Parses an output.
     *
     * @param body drained by this method
     * @param count maximum number of images to read
     * @throws BackendCallException when the body is no JSON object or an image cannot be decoded
     */
    Output parse(ChunkedBytes body, int count) {
        List<ImageSource> images = new ArrayList<>();
        boolean flagged = false;
        try (JsonParser parser = decoder.json().createParser(body.drain())) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw BackendCallException.malformedResponse();
            }
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String field = parser.currentName();
                JsonToken value = parser.nextToken();
                if (field.equals("images") && value == JsonToken.START_ARRAY) {
                    readImages(parser, body, images, count);
                } else if (field.equals("image")) {
                    readImage(parser, body, images, count);
                } else if (field.equals("has_nsfw_concepts") && value == JsonToken.START_ARRAY) {
                    flagged = readFlags(parser);
                } else {
                    parser.skipChildren();
                }
            }
        } catch (IOException e) {
            throw BackendCallException.malformedResponse();
        }
        return new Output(images, flagged);
    }

    private static boolean readFlags(JsonParser parser) throws IOException {
        boolean flagged = false;
        while (next(parser) != JsonToken.END_ARRAY) {
            flagged |= parser.currentToken() == JsonToken.VALUE_TRUE;
            parser.skipChildren();
        }
        return flagged;
    }

    private void readImages(JsonParser parser, ChunkedBytes body, List<ImageSource> images, int count)
            throws IOException {
        while (next(parser) != JsonToken.END_ARRAY) {
            readImage(parser, body, images, count);
        }
    }

    /** Reads an object with a URL, or a URL. */
    private void readImage(JsonParser parser, ChunkedBytes body, List<ImageSource> images, int count)
            throws IOException {
        if (parser.currentToken() != JsonToken.START_OBJECT) {
            readUrl(parser, body, images, count);
            return;
        }
        while (next(parser) != JsonToken.END_OBJECT) {
            boolean url = parser.currentName().equals("url");
            next(parser);
            if (url) {
                readUrl(parser, body, images, count);
            } else {
                parser.skipChildren();
            }
        }
    }

    private void readUrl(JsonParser parser, ChunkedBytes body, List<ImageSource> images, int count) throws IOException {
        if (parser.currentToken() != JsonToken.VALUE_STRING || images.size() == count) {
            parser.skipChildren();
            return;
        }
        ChunkedBytes bytes = decoder.decodeDataUrl(parser, body);
        if (bytes != null) {
            images.add(new ImageSource.Inline(bytes));
        } else if (!ImageTextDecoder.isBlank(parser, body)) {
            images.add(new ImageSource.Link(parser.getText()));
        }
    }

    private static JsonToken next(JsonParser parser) throws IOException {
        JsonToken token = parser.nextToken();
        if (token == null) {
            throw BackendCallException.malformedResponse();
        }
        return token;
    }
}
