package dev.darkroom.backend.openai;

import com.fasterxml.jackson.core.Base64Variant;
import com.fasterxml.jackson.core.Base64Variants;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.exc.StreamReadException;
import com.fasterxml.jackson.core.io.JsonEOFException;
import dev.darkroom.backend.Failure;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.backend.http.CallFailedException;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads the body of a successful answer, {@code {"data":[{"b64_json"|"url"}]}}. Token by token, because a body of many
 * megabytes is nearly all base64, which is decoded where it stands; a tree of the body would hold it several times over,
 * and Jackson refuses strings of more than 20 MB unless told otherwise. Busy for a while: for workers. Thread-safe.
 */
final class PicturesReader {
    private static final Base64Variant BASE64 =
            Base64Variants.MIME_NO_LINEFEEDS.withReadPadding(Base64Variant.PaddingReadBehaviour.PADDING_ALLOWED);

    private static final String DATA_SCHEME = "data:";

    private final JsonFactory json;

    PicturesReader(int maxResponseBytes) {
        StreamReadConstraints constraints = StreamReadConstraints.builder()
                .maxStringLength(maxResponseBytes)
                .maxNestingDepth(64)
                .build();
        this.json = JsonFactory.builder()
                .streamReadConstraints(constraints)
                .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
                .build();
    }

    /**
     * Reads at most {@code count} entries; further ones are left alone.
     *
     * @return null when the body is an error object rather than pictures
     * @throws CallFailedException when there is not what was asked for
     */
    List<AnnouncedPicture> read(Buffer body, int count) {
        byte[] bytes = body.getBytes();
        List<AnnouncedPicture> pictures = null;
        boolean error = false;
        try (JsonParser parser = json.createParser(bytes)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw malformed();
            }
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String field = parser.currentName();
                JsonToken value = parser.nextToken();
                if (field.equals("data") && value == JsonToken.START_ARRAY) {
                    pictures = entries(parser, bytes, count);
                } else {
                    error |= field.equals("error") && value != JsonToken.VALUE_NULL;
                    parser.skipChildren();
                }
            }
        } catch (IOException e) {
            throw malformed();
        }
        if (error && (pictures == null || pictures.isEmpty())) {
            return null;
        }
        if (pictures == null || pictures.isEmpty()) {
            throw empty("EMPTY_RESPONSE", "The AI server reported success without a picture.");
        }
        if (pictures.size() < count) {
            throw empty("TOO_FEW_PICTURES", "The AI server made fewer pictures than asked for.");
        }
        return pictures;
    }

    private static List<AnnouncedPicture> entries(JsonParser parser, byte[] body, int count) throws IOException {
        List<AnnouncedPicture> pictures = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            if (parser.currentToken() == null) {
                throw malformed();
            }
            if (parser.currentToken() != JsonToken.START_OBJECT || pictures.size() == count) {
                parser.skipChildren();
                continue;
            }
            AnnouncedPicture picture = entry(parser, body);
            if (picture != null) {
                pictures.add(picture);
            }
        }
        return pictures;
    }

    private static AnnouncedPicture entry(JsonParser parser, byte[] body) throws IOException {
        AnnouncedPicture picture = null;
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String field = parser.currentName();
            if (parser.nextToken() != JsonToken.VALUE_STRING) {
                parser.skipChildren();
            } else if (field.equals("b64_json")) {
                picture = new AnnouncedPicture.Inline(inline(parser, body));
            } else if (field.equals("url") && picture == null) {
                String url = parser.getText();
                picture = url.startsWith(DATA_SCHEME)
                        ? new AnnouncedPicture.Inline(decodeDataUrl(url))
                        : new AnnouncedPicture.Link(url);
            }
        }
        return picture;
    }

    private static Buffer inline(JsonParser parser, byte[] body) throws IOException {
        if (startsWithDataScheme(body, parser.currentTokenLocation().getByteOffset() + 1)) {
            return decodeDataUrl(parser.getText());
        }
        try {
            return Buffer.buffer(parser.getBinaryValue(BASE64));
        } catch (JsonEOFException e) {
            throw malformed();
        } catch (StreamReadException e) {
            throw undecodable();
        }
    }

    /** Some servers put a whole data URL where bare base64 belongs. */
    private static boolean startsWithDataScheme(byte[] body, long at) {
        if (at < 1 || at + DATA_SCHEME.length() > body.length) {
            return false;
        }
        for (int i = 0; i < DATA_SCHEME.length(); i++) {
            if (body[(int) at + i] != DATA_SCHEME.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    /** RFC 2397, as far as pictures need it: base64 after the first comma. */
    private static Buffer decodeDataUrl(String url) {
        int comma = url.indexOf(',');
        if (comma < 0 || !url.substring(0, comma).endsWith(";base64")) {
            throw undecodable();
        }
        try {
            return Buffer.buffer(BASE64.decode(url.substring(comma + 1)));
        } catch (IllegalArgumentException e) {
            throw undecodable();
        }
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
