package dev.darkroom.api.contract;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import io.vertx.json.schema.OutputUnit;
import io.vertx.json.schema.common.dsl.SchemaType;
import io.vertx.openapi.contract.OpenAPIContract;
import io.vertx.openapi.contract.Operation;
import io.vertx.openapi.contract.Parameter;
import io.vertx.openapi.contract.Response;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;

/**
 * Holds answers against {@code openapi.yaml}: the status must be described, the media type must be one that the file names
 * for it, required headers must be there, no header undescribed but those of every HTTP answer, and headers must fit their schemas.
 * JSON bodies must fit the closed copy of their schemas, see {@link StrictContract}. Answers to requests that the contract does not know must be problem documents.
 */
public final class OpenApiResponseValidator {
    private static final Vertx VERTX = Vertx.vertx();
    private static final JsonNode DOCUMENT = readFile();
    private static final OpenApiFile CLOSED = OpenApiFile.readClosed();
    /** What HTTP itself and browsers are told, whatever is asked; {@code docs/security.md} has the latter. */
    private static final List<String> ON_EVERY_ANSWER = List.of(
            ":status",
            "Access-Control-Allow-Origin",
            "Access-Control-Expose-Headers",
            "Cache-Control",
            "Connection",
            "Content-Length",
            "Content-Security-Policy",
            "Content-Type",
            "Cross-Origin-Resource-Policy",
            "Referrer-Policy",
            "Strict-Transport-Security",
            "Transfer-Encoding",
            "Vary",
            "X-Content-Type-Options",
            "X-Frame-Options");

    private static final ApiContract API = await(ContractLoader.loadApi(VERTX));
    private static final ApiContract MANAGEMENT = await(ContractLoader.loadManagement(VERTX));

    private OpenApiResponseValidator() {}

    /** Fails when the answer is not one that the contract allows for this request. */
    public static void check(String method, String path, int status, Map<String, String> headers, byte[] body) {
        String where = method + " " + path + " -> " + status;
        Map<String, String> byName = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        byName.putAll(headers);
        String contentType = byName.get("Content-Type");
        boolean management = MANAGEMENT.openApi().operations().stream()
                .anyMatch(operation -> matches(operation.getOpenAPIPath(), path));
        ApiContract apiContract = management ? MANAGEMENT : API;
        assertThat(byName).as(where).containsKey("X-Request-Id");
        Optional<Operation> operation = apiContract.openApi().operations().stream()
                .filter(op -> op.getHttpMethod().name().equals(method) && matches(op.getOpenAPIPath(), path))
                .findFirst();
        if (operation.isEmpty() && method.equals("HEAD") && status != 405) {
            // Every GET answers HEAD too, with the same head.
            operation = apiContract.openApi().operations().stream()
                    .filter(op -> op.getHttpMethod().name().equals("GET") && matches(op.getOpenAPIPath(), path))
                    .findFirst();
        }
        if (operation.isEmpty()) {
            checkUndescribedOperation(where, apiContract, path, status, byName, contentType, body);
            return;
        }
        Response described = operation.get().getResponse(status);
        assertThat(described).as("%s is described for %s", status, where).isNotNull();
        if (method.equals("HEAD")) {
            assertThat(body).as(where).isEmpty();
            checkHeaders(where, described, apiContract.openApi(), byName);
            return;
        }
        checkMediaType(where, operation.get(), status, contentType, body);
        checkHeaders(where, described, apiContract.openApi(), byName);
        if (isJson(contentType)) {
            JsonNode schema = response(operation.get(), status)
                    .path("content")
                    .path(contentType)
                    .path("schema");
            CLOSED.assertFits(where, schema, readJson(new String(body, StandardCharsets.UTF_8)));
        }
    }

    /**
     * Fails when an event of a stream is not one that the contract allows for this request: {@code x-events} beside the schema of
     * the stream has the schema of each event's data.
     */
    public static void checkEvent(String method, String path, String event, String data) {
        String where = method + " " + path + ": event " + event;
        Operation operation = API.openApi().operations().stream()
                .filter(op -> op.getHttpMethod().name().equals(method) && matches(op.getOpenAPIPath(), path))
                .findFirst()
                .orElseThrow(() -> new AssertionError("the contract has no " + where));
        JsonNode schema = response(operation, 200)
                .path("content")
                .path("text/event-stream")
                .path("x-events")
                .path(event);
        assertThat(schema.isMissingNode()).as("%s is not described", where).isFalse();
        CLOSED.assertFits(where, schema, readJson(data));
    }

    /** Fails when a text does not fit a schema of the contract that no answer uses. */
    public static void checkSchema(String name, String json) {
        CLOSED.assertFits(name, CLOSED.at("/components/schemas/" + name), readJson(json));
    }

    private static void checkHeaders(
            String where, Response described, OpenAPIContract contract, Map<String, String> headers) {
        Set<String> undescribed = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
        undescribed.addAll(headers.keySet());
        ON_EVERY_ANSWER.forEach(undescribed::remove);
        described.getHeaders().forEach(header -> undescribed.remove(header.getName()));
        assertThat(undescribed).as("%s: headers that are not described", where).isEmpty();
        for (Parameter header : described.getHeaders()) {
            String value = headers.get(header.getName());
            if (value == null) {
                assertThat(header.isRequired())
                        .as("%s: %s is missing", where, header.getName())
                        .isFalse();
                continue;
            }
            Object typed = header.getSchemaType() == SchemaType.INTEGER ? Long.valueOf(value) : value;
            OutputUnit result =
                    contract.getSchemaRepository().validator(header.getSchema()).validate(typed);
            assertThat(result.getValid())
                    .as("%s: %s: %s", where, header.getName(), value)
                    .isTrue();
        }
    }

    private static boolean isJson(String contentType) {
        return "application/json".equals(contentType) || "application/problem+json".equals(contentType);
    }

    private static void checkUndescribedOperation(
            String where,
            ApiContract apiContract,
            String path,
            int status,
            Map<String, String> headers,
            String contentType,
            byte[] body) {
        boolean knownPath =
                apiContract.openApi().operations().stream().anyMatch(op -> matches(op.getOpenAPIPath(), path));
        if (path.startsWith("/eventbus/")) {
            // No operation of the contract, and kept from pages of other origins.
            assertThat(status).as(where).isIn(400, 401, 403, 404, 405, 421, 429);
        } else {
            assertThat(status).as(where).isIn(knownPath ? 405 : 404, 400, 414, 421, 431);
        }
        if (status == 405) {
            assertThat(headers).as(where).containsKey("Allow");
        }
        if (where.startsWith("HEAD")) {
            return;
        }
        assertThat(contentType).as(where).isEqualTo("application/problem+json");
        JsonNode required = DOCUMENT.at("/components/schemas/Problem/required");
        JsonObject problem = new JsonObject(Buffer.buffer(body));
        required.forEach(name -> assertThat(problem.fieldNames()).as(where).contains(name.asText()));
        JsonNode types = DOCUMENT.at("/components/schemas/Problem/properties/type/enum");
        assertThat(types).as(where).anyMatch(type -> type.asText().equals(problem.getString("type")));
    }

    /** The media types stand in the file itself; the parsed contract has stand-ins for some. */
    private static void checkMediaType(String where, Operation operation, int status, String contentType, byte[] body) {
        JsonNode response = response(operation, status);
        if (!response.has("content")) {
            assertThat(body).as(where + " has no body").isEmpty();
            return;
        }
        Iterator<String> known = response.get("content").fieldNames();
        assertThat(known).as(where).toIterable().contains(contentType);
    }

    private static JsonNode response(Operation operation, int status) {
        JsonNode response = DOCUMENT.path("paths")
                .path(operation.getOpenAPIPath())
                .path(operation.getHttpMethod().name().toLowerCase(java.util.Locale.ROOT))
                .path("responses")
                .path(String.valueOf(status));
        return response.has("$ref") ? DOCUMENT.at(response.get("$ref").asText().substring(1)) : response;
    }

    private static JsonNode readJson(String data) {
        try {
            return new ObjectMapper().readTree(data);
        } catch (IOException e) {
            throw new AssertionError("not JSON: " + data, e);
        }
    }

    private static boolean matches(String template, String path) {
        return path.matches(template.replace(".", "\\.").replaceAll("\\{[^}]+}", "[^/]+"));
    }

    private static JsonNode readFile() {
        try (InputStream in = OpenApiResponseValidator.class.getResourceAsStream("/openapi.yaml")) {
            return new YAMLMapper().readTree(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static <T> T await(io.vertx.core.Future<T> future) {
        try {
            return future.toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new AssertionError("the answer breaks the contract: " + e.getMessage(), e);
        }
    }
}
