package dev.darkroom.backend.openai;

import com.fasterxml.jackson.core.Base64Variant;
import com.fasterxml.jackson.core.Base64Variants;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.exc.StreamReadException;
import com.fasterxml.jackson.core.io.JsonEOFException;
import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.backend.http.BackendCallException;
import dev.darkroom.image.ChunkedBytes;
import io.vertx.core.buffer.Buffer;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.SequenceInputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Parses the body of a successful response, {@code {"data":[{"b64_json"|"url"}]}}. Streams the tokens, because a body of
 * many megabytes is nearly all base64: decodes it while reading and releases the bytes read, so that the body and its
 * images together need no more memory than the body. Limits the length of names and URLs, which are not streamed.
 * CPU-bound, runs on worker threads. Thread-safe.
 */
final class OpenAiResponseParser {
    private static final Base64Variant BASE64 =
            Base64Variants.MIME_NO_LINEFEEDS.withReadPadding(Base64Variant.PaddingReadBehaviour.PADDING_ALLOWED);

    private static final String DATA_SCHEME = "data:";

    /** Includes a media type with parameters. */
    private static final int MAX_DATA_URL_PREFIX = 200;

    /** Longest run of blanks that counts as an empty field. */
    private static final int MAX_BLANK_LENGTH = 1_000;

    /** Fields for the id of an asynchronous task in APIs that return tasks instead of images. */
    private static final Set<String> TASK_FIELDS = Set.of("task_id", "taskId", "job_id", "jobId");

    /** Limit for all texts but base64, which is streamed. Sufficient for a signed URL. */
    private static final int MAX_TEXT_LENGTH = 64 * 1024;

    private final JsonFactory json;
    private final int maxImageBytes;

    /** @param maxImageBytes maximum size of one image in bytes */
    OpenAiResponseParser(int maxImageBytes) {
        this.maxImageBytes = maxImageBytes;
        StreamReadConstraints constraints = StreamReadConstraints.builder()
                .maxStringLength(MAX_TEXT_LENGTH)
                .maxNestingDepth(64)
                .maxNameLength(1_000)
                .maxTokenCount(10_000)
                .build();
        this.json = JsonFactory.builder()
                .streamReadConstraints(constraints)
                .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
                .build();
    }

    /**
     * Parses {@code count} entries and ignores further ones.
     *
     * @param body drained by this method
     * @return exactly {@code count} entries
     * @throws BackendCallException when the body is malformed or has fewer entries
     * @throws ErrorInResponseException when entries are missing and the body or an entry contains an error
     */
    List<OpenAiImageEntry> parse(ChunkedBytes body, int count) {
        ParsingState parsingState = new ParsingState(count);
        try (JsonParser parser = json.createParser(body.drain())) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw malformedResponse();
            }
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String field = parser.currentName();
                JsonToken value = parser.nextToken();
                if (field.equals("data") && value == JsonToken.START_ARRAY) {
                    readEntries(parser, body, parsingState);
                } else {
                    readOtherField(parser, field, parsingState);
                }
            }
        } catch (IOException e) {
            throw malformedResponse();
        }
        return parsingState.requireImages();
    }

    /** Entries, error and task id found so far. */
    private static final class ParsingState {
        private final int count;
        private final List<OpenAiImageEntry> images = new ArrayList<>();
        private Buffer error;
        private boolean taskFound;

        ParsingState(int count) {
            this.count = count;
        }

        List<OpenAiImageEntry> requireImages() {
            if (images.size() < count && error != null) {
                throw new ErrorInResponseException(error);
            }
            if (images.isEmpty() && taskFound) {
                throw taskResponse();
            }
            if (images.isEmpty()) {
                throw BackendCallException.invalidResult(
                        "EMPTY_RESPONSE", "The AI server reported success without an image.");
            }
            if (images.size() < count) {
                throw BackendCallException.invalidResult(
                        "TOO_FEW_IMAGES", "The AI server returned fewer images than requested.");
            }
            return images;
        }
    }

    /** Reads a field that contains no image. */
    private void readOtherField(JsonParser parser, String field, ParsingState parsingState) throws IOException {
        JsonToken value = parser.currentToken();
        if (field.equals("error") && value != JsonToken.VALUE_NULL && parsingState.error == null) {
            parsingState.error = copyField(parser, field);
        } else {
            parsingState.taskFound |=
                    TASK_FIELDS.contains(field) && value.isScalarValue() && value != JsonToken.VALUE_NULL;
            parser.skipChildren();
        }
    }

    /** Returns a JSON object with the current field of the parser alone. */
    private Buffer copyField(JsonParser parser, String field) throws IOException {
        ByteArrayOutputStream copy = new ByteArrayOutputStream();
        try (JsonGenerator generator = json.createGenerator(copy)) {
            generator.writeStartObject();
            generator.writeFieldName(field);
            generator.copyCurrentStructure(parser);
            generator.writeEndObject();
        }
        if (copy.size() > MAX_TEXT_LENGTH) {
            throw malformedResponse();
        }
        return Buffer.buffer(copy.toByteArray());
    }

    private void readEntries(JsonParser parser, ChunkedBytes body, ParsingState parsingState) throws IOException {
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            if (parser.currentToken() == null) {
                throw malformedResponse();
            }
            if (parser.currentToken() != JsonToken.START_OBJECT || parsingState.images.size() == parsingState.count) {
                parser.skipChildren();
                continue;
            }
            OpenAiImageEntry image = readEntry(parser, body, parsingState);
            if (image != null) {
                parsingState.images.add(image);
            }
        }
    }

    private OpenAiImageEntry readEntry(JsonParser parser, ChunkedBytes body, ParsingState parsingState)
            throws IOException {
        OpenAiImageEntry image = null;
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String field = parser.currentName();
            boolean inline = field.equals("b64_json");
            boolean link = field.equals("url") && image == null;
            if (parser.nextToken() != JsonToken.VALUE_STRING || !(inline || link)) {
                readOtherField(parser, field, parsingState);
                continue;
            }
            // Some servers write unused fields as empty texts.
            if (isBlankText(parser, body)) {
                parser.skipChildren();
                continue;
            }
            // Some servers send a data URL instead of base64.
            String prefix = readDataUrlPrefix(parser, body);
            if (prefix != null) {
                image = new OpenAiImageEntry.Inline(decodeDataUrl(prefix, textOffset(parser), body));
            } else if (inline) {
                image = new OpenAiImageEntry.Inline(decodeBase64(parser));
            } else {
                image = new OpenAiImageEntry.Link(parser.getText());
            }
        }
        return image;
    }

    /** Returns true when the current text of the parser is empty or blank. Reads only the start of a long text. */
    private static boolean isBlankText(JsonParser parser, ChunkedBytes body) throws IOException {
        int start = textOffset(parser);
        if (start == 0) {
            return parser.getText().isBlank();
        }
        try (InputStream text = body.openStream(start)) {
            for (int i = 0; i < MAX_BLANK_LENGTH; i++) {
                int next = text.read();
                if (next == '"') {
                    return true;
                }
                if (next != ' ') {
                    return false;
                }
            }
        }
        return false;
    }

    /** Returns the offset of the current text in the body; 0 when it is unknown, because the body is not in UTF-8. */
    private static int textOffset(JsonParser parser) {
        return (int) parser.currentTokenLocation().getByteOffset() + 1;
    }

    /** Returns the start of the current text when it is a data URL; null otherwise. */
    private static String readDataUrlPrefix(JsonParser parser, ChunkedBytes body) throws IOException {
        int start = textOffset(parser);
        if (start == 0) {
            return null;
        }
        byte[] prefix = body.openStream(start).readNBytes(MAX_DATA_URL_PREFIX);
        String text = new String(prefix, StandardCharsets.ISO_8859_1);
        return text.startsWith(DATA_SCHEME) ? text : null;
    }

    /**
     * Decodes a data URL (RFC 2397) with base64 after the first comma. A second parser reads the text after the comma,
     * while the first one skips the whole text.
     */
    private ChunkedBytes decodeDataUrl(String prefix, int start, ChunkedBytes body) throws IOException {
        int comma = prefix.indexOf(',');
        if (comma < 0 || !prefix.substring(0, comma).endsWith(";base64")) {
            throw undecodableImage();
        }
        InputStream text =
                new SequenceInputStream(new ByteArrayInputStream(new byte[] {'"'}), body.openStream(start + comma + 1));
        try (JsonParser parser = json.createParser(text)) {
            parser.nextToken();
            return decodeBase64(parser);
        }
    }

    private ChunkedBytes decodeBase64(JsonParser parser) throws IOException {
        DecodedImageStream image = new DecodedImageStream();
        try {
            parser.readBinaryValue(BASE64, image);
        } catch (JsonEOFException e) {
            throw malformedResponse();
        } catch (StreamReadException | IllegalArgumentException e) {
            throw undecodableImage();
        }
        return image.bytes.build();
    }

    private final class DecodedImageStream extends OutputStream {
        private final ChunkedBytes.Builder bytes = new ChunkedBytes.Builder();

        @Override
        public void write(int one) {
            write(new byte[] {(byte) one}, 0, 1);
        }

        @Override
        public void write(byte[] from, int start, int count) {
            if (count > maxImageBytes - bytes.length()) {
                throw BackendCallException.invalidResult(
                        "RESPONSE_TOO_LARGE", "An image of the AI server exceeds the size limit.");
            }
            bytes.append(from, start, count);
        }
    }

    /** Returns a failure without retry: a retry would start a second task, and both would be billed. */
    static BackendCallException taskResponse() {
        return new BackendCallException(BackendFailure.of(
                FailureClass.TERMINAL_INPUT,
                "ASYNC_TASK_UNSUPPORTED",
                "The AI server returned an asynchronous task instead of an image, which Darkroom does not support."));
    }

    private static BackendCallException undecodableImage() {
        return BackendCallException.invalidResult(
                "INVALID_IMAGE", "The AI server returned an image with invalid base64.");
    }

    private static BackendCallException malformedResponse() {
        return BackendCallException.invalidResult(
                "MALFORMED_RESPONSE", "The AI server reported success with a malformed response.");
    }
}
