package dev.darkroom.api.contract;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import dev.darkroom.api.problem.Problem;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import io.vertx.core.json.jackson.JacksonCodec;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;

/**
 * Parses bytes as a JSON object, strictly by RFC 8259: UTF-8, no comments, no duplicate names. Rejects duplicate names because another
 * program in the request path may use the other value. Stateless.
 */
final class JsonBodyParser {
    /**
     * Far above any request of the contract. Validation time grows with the number of values, and validation runs on the event loop.
     */
    private static final int MAX_TOKENS = 1_000;

    private static final int MAX_DEPTH = 32;
    private static final char REPLACEMENT_CHARACTER = '\ufffd';

    private static final JsonFactory FACTORY = JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxTokenCount(MAX_TOKENS)
                    .maxNestingDepth(MAX_DEPTH)
                    .build())
            .build();

    private JsonBodyParser() {}

    /**
     * Parses a request body.
     *
     * @throws Problem if the bytes are not a JSON object
     */
    static JsonObject parse(Buffer bytes) {
        if (decode(createParser(bytes)) instanceof JsonObject object) {
            return object;
        }
        throw Problem.invalid("#", "must be a JSON object");
    }

    private static JsonParser createParser(Buffer buffer) {
        byte[] bytes = buffer.getBytes();
        try {
            if (isText(bytes)) {
                return FACTORY.createParser(bytes);
            }
            String text = removeByteOrderMark(decodeUtf8(buffer));
            if (text.isEmpty()) {
                throw Problem.invalid("#", "is empty; a JSON object is expected");
            }
            return FACTORY.createParser(text);
        } catch (IOException e) {
            throw Problem.invalid("#", "is not JSON");
        }
    }

    /** Returns whether the bytes are ASCII without NUL. A parser reads them as UTF-8 without copying them to a text. */
    private static boolean isText(byte[] bytes) {
        for (byte each : bytes) {
            if (each <= 0) {
                return false;
            }
        }
        return bytes.length > 0;
    }

    /** A JSON parser would detect other encodings and accept malformed UTF-8. */
    private static String decodeUtf8(Buffer bytes) {
        String text = bytes.toString(StandardCharsets.UTF_8);
        // Malformed bytes become a replacement character of another length, or of other bytes.
        if (text.indexOf(REPLACEMENT_CHARACTER) >= 0 && !Buffer.buffer(text).equals(bytes)) {
            throw Problem.invalid("#", "is not UTF-8");
        }
        return text;
    }

    /** Removes the byte order mark that some editors and .NET write. RFC 8259, section 8.1, allows a parser to ignore it. */
    private static String removeByteOrderMark(String text) {
        return text.startsWith("\ufeff") ? text.substring(1) : text;
    }

    private static Object decode(JsonParser parser) {
        try {
            return JacksonCodec.fromParser(parser, Object.class);
        } catch (DecodeException e) {
            throw toProblem(parser, e.getCause());
        }
    }

    private static Problem toProblem(JsonParser parser, Throwable cause) {
        if (cause instanceof StreamConstraintsException) {
            return Problem.invalid("#", "exceeds the limit of values, nesting depth or number length");
        }
        if (cause != null && String.valueOf(cause.getMessage()).startsWith("Duplicate field")) {
            return Problem.invalid(pointer(parser), "is a duplicate field");
        }
        return Problem.invalid("#", "is not JSON");
    }

    private static String pointer(JsonParser parser) {
        return toFragment(parser.getParsingContext().pathAsPointer().toString());
    }

    /** Returns a JSON pointer in its representation as a URI fragment (RFC 6901, section 6). */
    static String toFragment(String pointer) {
        try {
            return new URI(null, null, pointer).toASCIIString();
        } catch (URISyntaxException e) {
            return "#";
        }
    }
}
