package dev.darkroom.backend.http;

import com.fasterxml.jackson.core.Base64Variant;
import com.fasterxml.jackson.core.Base64Variants;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.exc.StreamReadException;
import com.fasterxml.jackson.core.io.JsonEOFException;
import dev.darkroom.image.ChunkedBytes;
import io.vertx.core.buffer.Buffer;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.SequenceInputStream;
import java.nio.charset.StandardCharsets;

/**
 * Decodes the text of an image in a JSON response, base64 or a data URL, without holding it in memory as a text. CPU-bound. Thread-safe.
 *
 * @param json creates the parser of the response, and of a data URL
 * @param maxImageBytes maximum size of one image in bytes
 */
public record ImageTextDecoder(JsonFactory json, int maxImageBytes) {
    private static final Base64Variant BASE64 =
            Base64Variants.MIME_NO_LINEFEEDS.withReadPadding(Base64Variant.PaddingReadBehaviour.PADDING_ALLOWED);

    private static final String DATA_SCHEME = "data:";

    /** Includes a media type with parameters. */
    private static final int MAX_DATA_URL_PREFIX = 200;

    /** Longest run of blanks that counts as an empty field. */
    private static final int MAX_BLANK_LENGTH = 1_000;

    /** Limit for all texts but base64, which is streamed. Sufficient for a signed URL. */
    public static final int MAX_TEXT_LENGTH = 64 * 1024;

    /** Creates a decoder with a JSON factory that limits depth, names, tokens and the length of texts that are not streamed. */
    public ImageTextDecoder(int maxImageBytes) {
        this(
                JsonFactory.builder()
                        .streamReadConstraints(StreamReadConstraints.builder()
                                .maxStringLength(MAX_TEXT_LENGTH)
                                .maxNestingDepth(64)
                                .maxNameLength(1_000)
                                .maxTokenCount(10_000)
                                .build())
                        .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
                        .build(),
                maxImageBytes);
    }

    /** Returns true when the current text of the parser is empty or blank. Reads only the start of a long text. */
    public static boolean isBlank(JsonParser parser, ChunkedBytes body) throws IOException {
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
     * Decodes the current text, which is base64 or a data URL with base64.
     *
     * @param body the body that the parser reads
     */
    public ChunkedBytes decode(JsonParser parser, ChunkedBytes body) throws IOException {
        ChunkedBytes bytes = decodeDataUrl(parser, body);
        return bytes == null ? decodeBase64(parser) : bytes;
    }

    /**
     * Decodes the current text if it is a data URL (RFC 2397) with base64 after the first comma; returns null otherwise. A second parser
     * reads the text after the comma, while the first one skips the whole text.
     */
    public ChunkedBytes decodeDataUrl(JsonParser parser, ChunkedBytes body) throws IOException {
        String prefix = readDataUrlPrefix(parser, body);
        if (prefix == null) {
            return null;
        }
        int comma = prefix.indexOf(',');
        if (comma < 0 || !prefix.substring(0, comma).endsWith(";base64")) {
            throw undecodableImage();
        }
        InputStream text = new SequenceInputStream(
                new ByteArrayInputStream(new byte[] {'"'}), body.openStream(textOffset(parser) + comma + 1));
        try (JsonParser base64 = json.createParser(text)) {
            base64.nextToken();
            return decodeBase64(base64);
        }
    }

    /** Decodes the current text while it is read. */
    public ChunkedBytes decodeBase64(JsonParser parser) throws IOException {
        DecodedImageStream image = new DecodedImageStream();
        try {
            parser.readBinaryValue(BASE64, image);
        } catch (JsonEOFException e) {
            throw BackendCallException.malformedResponse();
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

    /**
     * Returns a JSON object with the current field of the parser alone, such as an error.
     *
     * @throws BackendCallException when it is longer than {@link #MAX_TEXT_LENGTH}
     */
    public Buffer copyField(JsonParser parser, String field) throws IOException {
        ByteArrayOutputStream copy = new ByteArrayOutputStream();
        try (JsonGenerator generator = json.createGenerator(copy)) {
            generator.writeStartObject();
            generator.writeFieldName(field);
            generator.copyCurrentStructure(parser);
            generator.writeEndObject();
        }
        if (copy.size() > MAX_TEXT_LENGTH) {
            throw BackendCallException.malformedResponse();
        }
        return Buffer.buffer(copy.toByteArray());
    }

    private static BackendCallException undecodableImage() {
        return BackendCallException.invalidResult(
                "INVALID_IMAGE", "The AI server returned an image with invalid base64.");
    }
}
