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
import dev.darkroom.backend.Failure;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.backend.http.CallFailedException;
import dev.darkroom.image.Blocks;
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
final class PicturesReader {
    private static final Base64Variant BASE64 =
            Base64Variants.MIME_NO_LINEFEEDS.withReadPadding(Base64Variant.PaddingReadBehaviour.PADDING_ALLOWED);

    private static final String DATA_SCHEME = "data:";

    /** Room for a media type with parameters. */
    private static final int LONGEST_DATA_PREFIX = 200;

    /** Longer runs of blanks are no way to leave a field empty. */
    private static final int LONGEST_BLANK = 1_000;

    /** As APIs name the work that they have begun and not ended. */
    private static final Set<String> TASK_FIELDS = Set.of("task_id", "taskId", "job_id", "jobId");

    /** For what is kept whole; base64 is not. Generous for a URL with a signature. */
    private static final int LONGEST_TEXT = 64 * 1024;

    private final JsonFactory json;
    private final int maxPictureBytes;

    PicturesReader(int maxPictureBytes) {
        this.maxPictureBytes = maxPictureBytes;
        StreamReadConstraints constraints = StreamReadConstraints.builder()
                .maxStringLength(LONGEST_TEXT)
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
     * @throws CallFailedException when there is not what was asked for
     * @throws ErrorInAnswerException when there is an error instead, or in one of the entries
     */
    List<AnnouncedPicture> read(Blocks body, int count) {
        Reading reading = new Reading(count);
        try (JsonParser parser = json.createParser(body.drain())) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw malformed();
            }
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String field = parser.currentName();
                JsonToken value = parser.nextToken();
                if (field.equals("data") && value == JsonToken.START_ARRAY) {
                    entries(parser, body, reading);
                } else {
                    other(parser, field, reading);
                }
            }
        } catch (IOException e) {
            throw malformed();
        }
        return reading.result();
    }

    /** What was found so far. */
    private static final class Reading {
        private final int count;
        private final List<AnnouncedPicture> pictures = new ArrayList<>();
        private Buffer error;
        private boolean task;

        Reading(int count) {
            this.count = count;
        }

        List<AnnouncedPicture> result() {
            if (pictures.size() < count && error != null) {
                throw new ErrorInAnswerException(error);
            }
            if (pictures.isEmpty() && task) {
                throw task();
            }
            if (pictures.isEmpty()) {
                throw empty("EMPTY_RESPONSE", "The AI server reported success without a picture.");
            }
            if (pictures.size() < count) {
                throw empty("TOO_FEW_PICTURES", "The AI server made fewer pictures than asked for.");
            }
            return pictures;
        }
    }

    /** A field that holds no picture. */
    private void other(JsonParser parser, String field, Reading reading) throws IOException {
        JsonToken value = parser.currentToken();
        if (field.equals("error") && value != JsonToken.VALUE_NULL && reading.error == null) {
            reading.error = copy(parser, field);
        } else {
            reading.task |= TASK_FIELDS.contains(field) && value.isScalarValue() && value != JsonToken.VALUE_NULL;
            parser.skipChildren();
        }
    }

    /** An object with the one field to which the parser has come. */
    private Buffer copy(JsonParser parser, String field) throws IOException {
        ByteArrayOutputStream copy = new ByteArrayOutputStream();
        try (JsonGenerator generator = json.createGenerator(copy)) {
            generator.writeStartObject();
            generator.writeFieldName(field);
            generator.copyCurrentStructure(parser);
            generator.writeEndObject();
        }
        if (copy.size() > LONGEST_TEXT) {
            throw malformed();
        }
        return Buffer.buffer(copy.toByteArray());
    }

    private void entries(JsonParser parser, Blocks body, Reading reading) throws IOException {
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            if (parser.currentToken() == null) {
                throw malformed();
            }
            if (parser.currentToken() != JsonToken.START_OBJECT || reading.pictures.size() == reading.count) {
                parser.skipChildren();
                continue;
            }
            AnnouncedPicture picture = entry(parser, body, reading);
            if (picture != null) {
                reading.pictures.add(picture);
            }
        }
    }

    private AnnouncedPicture entry(JsonParser parser, Blocks body, Reading reading) throws IOException {
        AnnouncedPicture picture = null;
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String field = parser.currentName();
            boolean inline = field.equals("b64_json");
            boolean link = field.equals("url") && picture == null;
            if (parser.nextToken() != JsonToken.VALUE_STRING || !(inline || link)) {
                other(parser, field, reading);
                continue;
            }
            // Servers that write every field leave those empty that they do not use.
            if (blank(parser, body)) {
                parser.skipChildren();
                continue;
            }
            // Some servers put a whole data URL where bare base64 belongs.
            String prefix = dataUrlPrefix(parser, body);
            if (prefix != null) {
                picture = new AnnouncedPicture.Inline(decodeDataUrl(prefix, textStart(parser), body));
            } else if (inline) {
                picture = new AnnouncedPicture.Inline(decode(parser));
            } else {
                picture = new AnnouncedPicture.Link(parser.getText());
            }
        }
        return picture;
    }

    /** Whether the text to which the parser has come is empty or white space. Reads no more than the start of a long one. */
    private static boolean blank(JsonParser parser, Blocks body) throws IOException {
        int start = textStart(parser);
        if (start == 0) {
            return parser.getText().isBlank();
        }
        try (InputStream text = body.read(start)) {
            for (int i = 0; i < LONGEST_BLANK; i++) {
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
    private static int textStart(JsonParser parser) {
        return (int) parser.currentTokenLocation().getByteOffset() + 1;
    }

    /** The start of the text to which the parser has come if it is a data URL; null otherwise. */
    private static String dataUrlPrefix(JsonParser parser, Blocks body) throws IOException {
        int start = textStart(parser);
        if (start == 0) {
            return null;
        }
        byte[] prefix = body.read(start).readNBytes(LONGEST_DATA_PREFIX);
        String text = new String(prefix, StandardCharsets.ISO_8859_1);
        return text.startsWith(DATA_SCHEME) ? text : null;
    }

    /**
     * RFC 2397, as far as pictures need it: base64 after the first comma. A second parser decodes it, which comes into the
     * text behind the comma; the first one skips it.
     */
    private Blocks decodeDataUrl(String prefix, int start, Blocks body) throws IOException {
        int comma = prefix.indexOf(',');
        if (comma < 0 || !prefix.substring(0, comma).endsWith(";base64")) {
            throw undecodable();
        }
        InputStream text =
                new SequenceInputStream(new ByteArrayInputStream(new byte[] {'"'}), body.read(start + comma + 1));
        try (JsonParser parser = json.createParser(text)) {
            parser.nextToken();
            return decode(parser);
        }
    }

    private Blocks decode(JsonParser parser) throws IOException {
        Decoded picture = new Decoded();
        try {
            parser.readBinaryValue(BASE64, picture);
        } catch (JsonEOFException e) {
            throw malformed();
        } catch (StreamReadException | IllegalArgumentException e) {
            throw undecodable();
        }
        return picture.bytes.build();
    }

    private final class Decoded extends OutputStream {
        private final Blocks.Builder bytes = new Blocks.Builder();

        @Override
        public void write(int one) {
            write(new byte[] {(byte) one}, 0, 1);
        }

        @Override
        public void write(byte[] from, int start, int count) {
            if (count > maxPictureBytes - bytes.length()) {
                throw empty("RESPONSE_TOO_LARGE", "A picture from the AI server is larger than allowed.");
            }
            bytes.append(from, start, count);
        }
    }

    /** Final: asked again, the server would begin a second task, and be paid for both. */
    static CallFailedException task() {
        return new CallFailedException(Failure.of(
                FailureClass.TERMINAL_INPUT,
                "TASK_ANSWER",
                "The AI server answered with a task instead of a picture. Darkroom does not speak that protocol."));
    }

    private static CallFailedException undecodable() {
        return empty("NOT_A_PICTURE", "The AI server sent a picture whose base64 cannot be decoded.");
    }

    private static CallFailedException malformed() {
        return empty("MALFORMED_RESPONSE", "The AI server reported success with an answer that cannot be read.");
    }

    private static CallFailedException empty(String code, String message) {
        return new CallFailedException(Failure.of(FailureClass.EMPTY_SUCCESS, code, message));
    }
}
