package dev.darkroom.backend.openai;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.backend.http.BackendCallException;
import dev.darkroom.backend.http.ImageSource;
import dev.darkroom.backend.http.ImageTextDecoder;
import dev.darkroom.backend.http.UsageReader;
import dev.darkroom.image.ChunkedBytes;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Parses the body of a successful response, {@code {"data":[{"b64_json"|"url"}]}}. Streams the tokens, because a body of
 * many megabytes is nearly all base64: decodes it while reading and releases the bytes read, so that the body and its
 * images together need no more memory than the body. Limits the length of names and URLs, which are not streamed.
 * CPU-bound, runs on worker threads. Thread-safe.
 */
final class OpenAiResponseParser {
    /** Fields for the id of an asynchronous task in APIs that return tasks instead of images. */
    private static final Set<String> TASK_FIELDS = Set.of("task_id", "taskId", "job_id", "jobId");

    private final JsonFactory json;
    private final ImageTextDecoder decoder;

    /**
     * Content of a response.
     *
     * @param images as many as requested
     * @param usage numbers of the field {@code usage} by name, such as {@code output_tokens}; empty without that field
     */
    record Content(List<ImageSource> images, Map<String, BigDecimal> usage) {}

    /** @param maxImageBytes maximum size of one image in bytes */
    OpenAiResponseParser(int maxImageBytes) {
        this.decoder = new ImageTextDecoder(maxImageBytes);
        this.json = decoder.json();
    }

    /**
     * Parses {@code count} entries and ignores further ones.
     *
     * @param body drained by this method
     * @return content with exactly {@code count} entries
     * @throws BackendCallException when the body is malformed or has fewer entries
     * @throws ErrorInResponseException when entries are missing and the body or an entry contains an error
     */
    Content parse(ChunkedBytes body, int count) {
        ParsingState parsingState = new ParsingState(count);
        try (JsonParser parser = json.createParser(body.drain())) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw BackendCallException.malformedResponse();
            }
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String field = parser.currentName();
                JsonToken value = parser.nextToken();
                if (field.equals("data") && value == JsonToken.START_ARRAY) {
                    readEntries(parser, body, parsingState);
                } else if (field.equals("usage")) {
                    parsingState.usage = UsageReader.read(parser);
                } else {
                    readOtherField(parser, field, parsingState);
                }
            }
        } catch (IOException e) {
            throw BackendCallException.malformedResponse();
        }
        return new Content(parsingState.requireImages(), parsingState.usage);
    }

    /** Entries, error and task id found so far. */
    private static final class ParsingState {
        private final int count;
        private final List<ImageSource> images = new ArrayList<>();
        private Map<String, BigDecimal> usage = Map.of();
        private Buffer error;
        private boolean taskFound;

        ParsingState(int count) {
            this.count = count;
        }

        List<ImageSource> requireImages() {
            if (images.size() < count && error != null) {
                throw new ErrorInResponseException(error);
            }
            if (images.isEmpty() && taskFound) {
                throw taskResponse();
            }
            if (images.isEmpty()) {
                throw BackendCallException.emptyResponse();
            }
            if (images.size() < count) {
                throw BackendCallException.tooFewImages();
            }
            return images;
        }
    }

    /** Reads a field that contains no image. */
    private void readOtherField(JsonParser parser, String field, ParsingState parsingState) throws IOException {
        JsonToken value = parser.currentToken();
        if (field.equals("error") && value != JsonToken.VALUE_NULL && parsingState.error == null) {
            parsingState.error = decoder.copyField(parser, field);
        } else {
            parsingState.taskFound |=
                    TASK_FIELDS.contains(field) && value.isScalarValue() && value != JsonToken.VALUE_NULL;
            parser.skipChildren();
        }
    }

    private void readEntries(JsonParser parser, ChunkedBytes body, ParsingState parsingState) throws IOException {
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            if (parser.currentToken() == null) {
                throw BackendCallException.malformedResponse();
            }
            if (parser.currentToken() != JsonToken.START_OBJECT || parsingState.images.size() == parsingState.count) {
                parser.skipChildren();
                continue;
            }
            ImageSource image = readEntry(parser, body, parsingState);
            if (image != null) {
                parsingState.images.add(image);
            }
        }
    }

    private ImageSource readEntry(JsonParser parser, ChunkedBytes body, ParsingState parsingState) throws IOException {
        ImageSource image = null;
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String field = parser.currentName();
            boolean inline = field.equals("b64_json");
            boolean link = field.equals("url") && image == null;
            if (parser.nextToken() != JsonToken.VALUE_STRING || !(inline || link)) {
                readOtherField(parser, field, parsingState);
                continue;
            }
            // Some servers write unused fields as empty texts.
            if (ImageTextDecoder.isBlank(parser, body)) {
                parser.skipChildren();
                continue;
            }
            // Some servers send a data URL instead of base64.
            ChunkedBytes bytes = decoder.decodeDataUrl(parser, body);
            if (bytes == null && inline) {
                bytes = decoder.decodeBase64(parser);
            }
            image = bytes == null ? new ImageSource.Link(parser.getText()) : new ImageSource.Inline(bytes);
        }
        return image;
    }

    /** Returns a failure without retry: a retry would start a second task, and both would be billed. */
    static BackendCallException taskResponse() {
        return new BackendCallException(BackendFailure.of(
                FailureClass.TERMINAL_INPUT,
                "ASYNC_TASK_UNSUPPORTED",
                "The AI server returned an asynchronous task instead of an image, which Darkroom does not support."));
    }
}
