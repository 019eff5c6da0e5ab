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
 * Reads the body of a successful answer, {@code {"data":[{"b64_json"|"url"}]}}. Token by token, because a body of many
 * megabytes is nearly all base64: it is decoded as it is read, and what was read is let go of, so that the body and its
 * pictures together take no more room than the body did. What must be kept whole, such as names and URLs, is limited.
 * Busy for a while: for workers. Thread-safe.
 */
final class OpenAiResponseParser {
    private static final Base64Variant BASE64 =
            Base64Variants.MIME_NO_LINEFEEDS.withReadPadding(Base64Variant.PaddingReadBehaviour.PADDING_ALLOWED);

    private static final String DATA_SCHEME = "data:";

    /** Room for a media type with parameters. */
    private static final int MAX_DATA_URL_PREFIX = 200;

    /** Longer runs of blanks are no way to leave a field empty. */
    private static final int MAX_BLANK_LENGTH = 1_000;

    /** As APIs name the work that they have begun and not ended. */
    private static final Set<String> TASK_FIELDS = Set.of("task_id", "taskId", "job_id", "jobId");

    /** For what is kept whole; base64 is not. Generous for a URL with a signature. */
    private static final int MAX_TEXT_LENGTH = 64 * 1024;

    private final JsonFactory json;
    private final int maxImageBytes;

    OpenAiResponseParser(int maxPictureBytes) {
        this.maxImageBytes = maxPictureBytes;
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
     * Reads at most {@code count} entries; further ones are left alone.
     *
     * @param body used up
     * @return never fewer pictures than asked for
     * @throws BackendCallException when there is not what was asked for
     * @throws ErrorInResponseException when there is an error instead, or in one of the entries
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

    /** What was found so far. */
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
                throw emptySuccess("EMPTY_RESPONSE", "The AI server reported success without a picture.");
            }
            if (images.size() < count) {
                throw emptySuccess("TOO_FEW_PICTURES", "The AI server made fewer pictures than asked for.");
            }
            return images;
        }
    }

    /** A field that holds no picture. */
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

    /** An object with the one field to which the parser has come. */
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
            OpenAiImageEntry picture = readEntry(parser, body, parsingState);
            if (picture != null) {
                parsingState.images.add(picture);
            }
        }
    }

    private OpenAiImageEntry readEntry(JsonParser parser, ChunkedBytes body, ParsingState parsingState)
            throws IOException {
        OpenAiImageEntry picture = null;
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String field = parser.currentName();
            boolean inline = field.equals("b64_json");
            boolean link = field.equals("url") && picture == null;
            if (parser.nextToken() != JsonToken.VALUE_STRING || !(inline || link)) {
                readOtherField(parser, field, parsingState);
                continue;
            }
            // Servers that write every field leave those empty that they do not use.
            if (isBlankText(parser, body)) {
                parser.skipChildren();
                continue;
            }
            // Some servers put a whole data URL where bare base64 belongs.
            String prefix = readDataUrlPrefix(parser, body);
            if (prefix != null) {
                picture = new OpenAiImageEntry.Inline(decodeDataUrl(prefix, textOffset(parser), body));
            } else if (inline) {
                picture = new OpenAiImageEntry.Inline(decodeBase64(parser));
            } else {
                picture = new OpenAiImageEntry.Link(parser.getText());
            }
        }
        return picture;
    }

    /** Whether the text to which the parser has come is empty or white space. Reads no more than the start of a long one. */
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

    /** Where the text begins to which the parser has come; 0 when it cannot tell, because the body is not in UTF-8. */
    private static int textOffset(JsonParser parser) {
        return (int) parser.currentTokenLocation().getByteOffset() + 1;
    }

    /** The start of the text to which the parser has come if it is a data URL; null otherwise. */
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
     * RFC 2397, as far as pictures need it: base64 after the first comma. A second parser decodes it, which comes into the
     * text behind the comma; the first one skips it.
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
        DecodedImageStream picture = new DecodedImageStream();
        try {
            parser.readBinaryValue(BASE64, picture);
        } catch (JsonEOFException e) {
            throw malformedResponse();
        } catch (StreamReadException | IllegalArgumentException e) {
            throw undecodableImage();
        }
        return picture.bytes.build();
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
                throw emptySuccess("RESPONSE_TOO_LARGE", "A picture from the AI server is larger than allowed.");
            }
            bytes.append(from, start, count);
        }
    }

    /** Final: asked again, the server would begin a second task, and be paid for both. */
    static BackendCallException taskResponse() {
        return new BackendCallException(BackendFailure.of(
                FailureClass.TERMINAL_INPUT,
                "TASK_ANSWER",
                "The AI server answered with a task instead of a picture. Darkroom does not speak that protocol."));
    }

    private static BackendCallException undecodableImage() {
        return emptySuccess("NOT_A_PICTURE", "The AI server sent a picture whose base64 cannot be decoded.");
    }

    private static BackendCallException malformedResponse() {
        return emptySuccess("MALFORMED_RESPONSE", "The AI server reported success with an answer that cannot be read.");
    }

    private static BackendCallException emptySuccess(String code, String message) {
        return new BackendCallException(BackendFailure.of(FailureClass.EMPTY_SUCCESS, code, message));
    }
}
