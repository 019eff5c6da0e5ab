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
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * Bytes as a JSON object, by the letter of RFC 8259: UTF-8, no comments, and no name twice, since of two values somebody
 * before or after us might believe the other.
 */
final class JsonBodyParser {
    /**
     * Far more than any request of the contract holds. What it costs to check a body grows with the number of its values,
     * and it is checked on the event loop.
     */
    private static final int MAX_TOKENS = 1_000;

    private static final int MAX_DEPTH = 32;

    private static final JsonFactory FACTORY = JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxTokenCount(MAX_TOKENS)
                    .maxNestingDepth(MAX_DEPTH)
                    .build())
            .build();

    private JsonBodyParser() {}

    /**
     * The object that the bytes are.
     *
     * @throws Problem if they are anything else
     */
    static JsonObject parse(Buffer bytes) {
        String text = withoutByteOrderMark(decodeUtf8(bytes));
        if (text.isEmpty()) {
            throw Problem.invalid("#", "is empty; a JSON object is expected");
        }
        if (decode(text) instanceof JsonObject object) {
            return object;
        }
        throw Problem.invalid("#", "must be a JSON object");
    }

    private static String decodeUtf8(Buffer bytes) {
        try {
            // A JSON parser would guess other encodings and forgive broken ones.
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes.getBytes()))
                    .toString();
        } catch (CharacterCodingException e) {
            throw Problem.invalid("#", "is not UTF-8");
        }
    }

    /** RFC 8259, section 8.1, lets a parser ignore one. Some editors and .NET write it. */
    private static String withoutByteOrderMark(String text) {
        return text.startsWith("\ufeff") ? text.substring(1) : text;
    }

    private static Object decode(String text) {
        JsonParser parser;
        try {
            parser = FACTORY.createParser(text);
        } catch (IOException e) {
            throw Problem.invalid("#", "is not JSON");
        }
        try {
            return JacksonCodec.fromParser(parser, Object.class);
        } catch (DecodeException e) {
            throw toProblem(parser, e.getCause());
        }
    }

    private static Problem toProblem(JsonParser parser, Throwable cause) {
        if (cause instanceof StreamConstraintsException) {
            return Problem.invalid("#", "holds more values, deeper nesting or a longer number than any request may");
        }
        if (cause != null && String.valueOf(cause.getMessage()).startsWith("Duplicate field")) {
            return Problem.invalid(pointer(parser), "is there twice");
        }
        return Problem.invalid("#", "is not JSON");
    }

    /** Where the parser stands. */
    private static String pointer(JsonParser parser) {
        String path = parser.getParsingContext().pathAsPointer().toString();
        try {
            return new URI(null, null, path).toASCIIString();
        } catch (URISyntaxException e) {
            return "#";
        }
    }
}
