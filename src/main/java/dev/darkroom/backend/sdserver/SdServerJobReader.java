package dev.darkroom.backend.sdserver;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.http.BackendCallException;
import dev.darkroom.backend.http.BackendHttpClient;
import dev.darkroom.backend.http.ImageTextDecoder;
import dev.darkroom.backend.http.JobFailures;
import dev.darkroom.http.OutboundResponse;
import dev.darkroom.image.ChunkedBytes;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Reads responses with a job, and maps its end to images or to a failure. Streams the tokens of the JSON, because a completed job contains
 * its images as base64: decodes them while reading. CPU-bound, runs on worker threads. Thread-safe.
 */
final class SdServerJobReader {
    /** Characters of ids in the routes of the server. */
    private static final Pattern ID = Pattern.compile("[A-Za-z0-9_-]{1,128}");

    private final BackendHttpClient http;
    private final ImageTextDecoder decoder;

    /** Fields of a job, as received. */
    private static final class Fields {
        private final List<ChunkedBytes> images = new ArrayList<>();
        private String id;
        private String status;
        private Integer queuePosition;
        private Buffer error;
    }

    /** @param maxImageBytes maximum size of one image in bytes */
    SdServerJobReader(BackendHttpClient http, int maxImageBytes) {
        this.http = http;
        this.decoder = new ImageTextDecoder(maxImageBytes);
    }

    /** Returns whether a text is the id of a job. */
    static boolean isId(String text) {
        return text != null && ID.matcher(text).matches();
    }

    /**
     * Reads a response.
     *
     * @param count number of requested images
     * @throws BackendCallException when the status is not 2xx, the body is not a job, or an image cannot be decoded
     */
    SdServerJob read(OutboundResponse encoded, int count) {
        OutboundResponse response = http.responses().requireBody(encoded);
        Buffer bodyPrefix = response.bodyPrefix();
        try {
            Fields fields = parse(response.body(), count);
            BackendFailure failure = findFailure(fields, response, count);
            return new SdServerJob(
                    isId(fields.id) ? fields.id : null,
                    fields.status,
                    fields.queuePosition,
                    failure == null ? fields.images : List.of(),
                    failure == null ? null : failure.withHttpStatus(response.status()));
        } catch (BackendCallException e) {
            throw http.responses().errors().toRefusalOr(e, response, bodyPrefix);
        }
    }

    /** Returns the failure of an ended job; null for a success, and for a job that has not ended. */
    private BackendFailure findFailure(Fields fields, OutboundResponse response, int count) {
        return switch (fields.status) {
            case "cancelled" -> JobFailures.JOB_CANCELED;
            // The code is always the same. Only the text states the reason.
            case "failed" ->
                http.responses()
                        .errors()
                        .toFailureInSuccess(response, fields.error == null ? Buffer.buffer("{}") : fields.error);
            case "completed" -> {
                if (fields.images.size() >= count) {
                    yield null;
                }
                yield (fields.images.isEmpty()
                                ? BackendCallException.emptyResponse()
                                : BackendCallException.tooFewImages())
                        .failure();
            }
            default -> null;
        };
    }

    private Fields parse(ChunkedBytes body, int count) {
        Fields fields = new Fields();
        try (JsonParser parser = decoder.json().createParser(body.drain())) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw BackendCallException.malformedResponse();
            }
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String field = parser.currentName();
                JsonToken value = parser.nextToken();
                if (field.equals("id") && value == JsonToken.VALUE_STRING) {
                    fields.id = parser.getText();
                } else if (field.equals("status") && value == JsonToken.VALUE_STRING) {
                    fields.status = parser.getText();
                } else if (field.equals("queue_position") && value == JsonToken.VALUE_NUMBER_INT) {
                    fields.queuePosition = parser.getIntValue() > 0 ? Integer.valueOf(parser.getIntValue()) : null;
                } else if (field.equals("error") && value != JsonToken.VALUE_NULL) {
                    fields.error = decoder.copyField(parser, field);
                } else if (field.equals("result") && value == JsonToken.START_OBJECT) {
                    readResult(parser, body, fields.images, count);
                } else {
                    parser.skipChildren();
                }
            }
        } catch (IOException e) {
            throw BackendCallException.malformedResponse();
        }
        if (fields.status == null) {
            throw BackendCallException.malformedResponse();
        }
        return fields;
    }

    private void readResult(JsonParser parser, ChunkedBytes body, List<ChunkedBytes> images, int count)
            throws IOException {
        while (next(parser) != JsonToken.END_OBJECT) {
            boolean entries = parser.currentName().equals("images");
            if (next(parser) != JsonToken.START_ARRAY || !entries) {
                parser.skipChildren();
                continue;
            }
            while (next(parser) != JsonToken.END_ARRAY) {
                readEntry(parser, body, images, count);
            }
        }
    }

    private void readEntry(JsonParser parser, ChunkedBytes body, List<ChunkedBytes> images, int count)
            throws IOException {
        if (parser.currentToken() != JsonToken.START_OBJECT) {
            parser.skipChildren();
            return;
        }
        while (next(parser) != JsonToken.END_OBJECT) {
            boolean image = parser.currentName().equals("b64_json");
            if (next(parser) == JsonToken.VALUE_STRING
                    && image
                    && images.size() < count
                    && !ImageTextDecoder.isBlank(parser, body)) {
                images.add(decoder.decode(parser, body));
            } else {
                parser.skipChildren();
            }
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
