package dev.darkroom.api;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.Json;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.MIMEHeader;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.impl.ParsableMIMEValue;
import io.vertx.json.schema.JsonSchema;
import io.vertx.json.schema.OutputUnit;
import io.vertx.json.schema.SchemaRepository;
import io.vertx.json.schema.Validator;
import io.vertx.openapi.contract.Location;
import io.vertx.openapi.contract.MediaType;
import io.vertx.openapi.contract.Operation;
import io.vertx.openapi.contract.Parameter;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Checks requests of one operation against the contract, on the event loop: bodies are small, and the router's own
 * validation would wait in line behind whatever else blocks on the shared worker pool. Stateless after construction.
 */
final class RequestReader {
    private final Map<String, Validator> pathParameters = new LinkedHashMap<>();
    private final Validator body;
    private final JsonSchema bodySchema;

    RequestReader(Operation operation, SchemaRepository schemas) {
        for (Parameter parameter : operation.getParameters()) {
            if (parameter.getIn() == Location.PATH) {
                pathParameters.put(parameter.getName(), schemas.validator(parameter.getSchema()));
            }
        }
        MediaType json = operation.getRequestBody() == null
                ? null
                : operation.getRequestBody().getContent().get(MediaType.APPLICATION_JSON);
        bodySchema = json == null ? null : json.getSchema();
        body = json == null ? null : schemas.validator(bodySchema);
    }

    /**
     * The request, if it is what the contract allows.
     *
     * @throws Problem if it is not
     */
    Exchange read(RoutingContext context) {
        pathParameters.forEach((name, validator) -> {
            OutputUnit result = validator.validate(context.pathParam(name));
            if (!result.getValid()) {
                throw Problem.invalid(name, Violations.ofParameter(result));
            }
        });
        return new Exchange(context, body == null ? null : readBody(context));
    }

    private JsonObject readBody(RoutingContext context) {
        checkContentType(context.request().getHeader(HttpHeaders.CONTENT_TYPE));
        Object value = parse(context.body().buffer());
        OutputUnit result = body.validate(value);
        if (!result.getValid()) {
            throw Problem.invalid(Violations.ofBody(result, bodySchema));
        }
        // The schema says object, so nothing else comes this far.
        return (JsonObject) value;
    }

    private static void checkContentType(String header) {
        if (header == null) {
            throw Problem.unsupportedMediaType();
        }
        MIMEHeader type = new ParsableMIMEValue(header).forceParse();
        String charset = type.parameter("charset");
        boolean json = "application".equals(type.component()) && "json".equals(type.subComponent());
        if (!json || (charset != null && !"utf-8".equalsIgnoreCase(charset.replace("\"", "")))) {
            throw Problem.unsupportedMediaType();
        }
    }

    private static Object parse(Buffer buffer) {
        if (buffer == null || buffer.length() == 0) {
            throw Problem.invalid("#", "is empty; a JSON object is expected");
        }
        String text;
        try {
            // A JSON parser would guess other encodings and forgive broken ones; RFC 8259 wants UTF-8.
            text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(buffer.getBytes()))
                    .toString();
        } catch (CharacterCodingException e) {
            throw Problem.invalid("#", "is not UTF-8");
        }
        try {
            Object value = Json.decodeValue(text);
            if (value instanceof JsonObject) {
                return value;
            }
        } catch (DecodeException e) {
            throw Problem.invalid("#", "is not JSON");
        }
        throw Problem.invalid("#", "must be a JSON object");
    }
}
