package dev.darkroom.backend.automatic1111;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.darkroom.backend.http.BackendCallException;
import dev.darkroom.backend.http.ImageTextDecoder;
import dev.darkroom.image.ChunkedBytes;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Parses the body of a successful response, {@code {"images":["<base64>"],"parameters":{…},"info":"…"}}. Streams the tokens and
 * decodes the images while reading. Ignores {@code parameters} and {@code info}. CPU-bound, runs on worker threads. Thread-safe.
 */
final class TxtToImageResponseParser {
    private final ImageTextDecoder decoder;

    /** @param maxImageBytes maximum size of one image in bytes */
    TxtToImageResponseParser(int maxImageBytes) {
        this.decoder = new ImageTextDecoder(maxImageBytes);
    }

    /**
     * Decodes the first {@code count} images. Further ones are images that extensions of the server append, such as the maps of
     * ControlNet. A grid, which would come first, is not sent for {@code "save_images": false}.
     *
     * @param body drained by this method
     * @return exactly {@code count} images
     * @throws BackendCallException when the body is malformed or has fewer images
     */
    List<ChunkedBytes> parse(ChunkedBytes body, int count) {
        List<ChunkedBytes> images = new ArrayList<>();
        try (JsonParser parser = decoder.json().createParser(body.drain())) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw BackendCallException.malformedResponse();
            }
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                boolean containsImages = parser.currentName().equals("images");
                if (parser.nextToken() == JsonToken.START_ARRAY && containsImages) {
                    readImages(parser, body, images, count);
                } else {
                    parser.skipChildren();
                }
            }
            if (parser.currentToken() != JsonToken.END_OBJECT) {
                throw BackendCallException.malformedResponse();
            }
        } catch (IOException e) {
            throw BackendCallException.malformedResponse();
        }
        if (images.isEmpty()) {
            throw BackendCallException.emptyResponse();
        }
        if (images.size() < count) {
            throw BackendCallException.tooFewImages();
        }
        return images;
    }

    private void readImages(JsonParser parser, ChunkedBytes body, List<ChunkedBytes> images, int count)
            throws IOException {
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            if (parser.currentToken() == null) {
                throw BackendCallException.malformedResponse();
            }
            boolean image = parser.currentToken() == JsonToken.VALUE_STRING
                    && images.size() < count
                    && !ImageTextDecoder.isBlank(parser, body);
            if (image) {
                images.add(decoder.decode(parser, body));
            } else {
                parser.skipChildren();
            }
        }
    }
}
