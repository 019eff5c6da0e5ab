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
 * Validates responses against {@code openapi.yaml}. The status and the media type must be described. Required headers must be present,
 * and headers must match their schemas. Only general HTTP headers may be undescribed. JSON bodies must match the strict copy of their
 * schemas, see {@link StrictContract}. Responses to requests outside the contract must be problem documents, and errors of the OpenAI API
 * below {@code /v1/}.
 */
public final class OpenApiResponseValidator {
    private static final Vertx VERTX = Vertx.vertx();
    private static final JsonNode DOCUMENT = readFile();
    private static final OpenApiFile STRICT = OpenApiFile.readStrict();
    /** General HTTP headers and security headers; {@code docs/security.md} describes the latter. */
    private static final List<String> GENERAL_HEADERS = List.of(
            ":status",
            "Access-Control-Allow-Origin",
            "Access-Control-Expose-Headers",
            "Cache-Control",
            "Connection",
            "Content-Length",
            "Date",
            "Content-Security-Policy",
            "Content-Type",
            "Cross-Origin-Resource-Policy",
            "Referrer-Policy",
            "Strict-Transport-Security",
            "Transfer-Encoding",
            "Vary",
            "X-Content-Type-Options",
            "X-Frame-Options");

    private static final ApiContract API = await(ContractLoader.load(VERTX)).api();
    private static final ApiContract MANAGEMENT =
            await(ContractLoader.load(VERTX)).management();

    private OpenApiResponseValidator() {}

    /** Fails when the contract does not allow the response to this request. */
    public static void check(String method, String path, int status, Map<String, String> headers, byte[] body) {
        String exchange = method + " " + path + " -> " + status;
        Map<String, String> byName = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        byName.putAll(headers);
        String contentType = byName.get("Content-Type");
        boolean management = MANAGEMENT.openApi().operations().stream()
                .anyMatch(operation -> matches(operation.getOpenAPIPath(), path));
        ApiContract apiContract = management ? MANAGEMENT : API;
        assertThat(byName).as(exchange).containsKey("X-Request-Id");
        Optional<Operation> operation = apiContract.openApi().operations().stream()
                .filter(op -> op.getHttpMethod().name().equals(method) && matches(op.getOpenAPIPath(), path))
                .findFirst();
        if (operation.isEmpty() && method.equals("HEAD") && status != 405) {
            // Every GET operation serves HEAD too, with the same headers.
            operation = apiContract.openApi().operations().stream()
                    .filter(op -> op.getHttpMethod().name().equals("GET") && matches(op.getOpenAPIPath(), path))
                    .findFirst();
        }
        if (operation.isEmpty()) {
            checkUndescribedOperation(exchange, apiContract, path, status, byName, contentType, body);
            return;
        }
        Response described = operation.get().getResponse(status);
        assertThat(described).as("%s is described for %s", status, exchange).isNotNull();
        if (method.equals("HEAD")) {
            assertThat(body).as(exchange).isEmpty();
            checkHeaders(exchange, described, apiContract.openApi(), byName);
            return;
        }
        checkMediaType(exchange, operation.get(), status, contentType, body);
        checkHeaders(exchange, described, apiContract.openApi(), byName);
        if (isJson(contentType)) {
            JsonNode schema = response(operation.get(), status)
                    .path("content")
                    .path(contentType)
                    .path("schema");
            STRICT.assertValid(exchange, schema, readJson(new String(body, StandardCharsets.UTF_8)));
        }
    }

    /**
     * Fails when the contract does not allow an event in the stream of this request. {@code x-events} beside the schema of the stream
     * contains the schema of the data of each event.
     */
    public static void checkEvent(String method, String path, String event, String data) {
        String exchange = method + " " + path + ": event " + event;
        Operation operation = API.openApi().operations().stream()
                .filter(op -> op.getHttpMethod().name().equals(method) && matches(op.getOpenAPIPath(), path))
                .findFirst()
                .orElseThrow(() -> new AssertionError("the contract has no " + exchange));
        JsonNode schema = response(operation, 200)
                .path("content")
                .path("text/event-stream")
                .path("x-events")
                .path(event);
        assertThat(schema.isMissingNode()).as("%s is not described", exchange).isFalse();
        STRICT.assertValid(exchange, schema, readJson(data));
    }

    /** Fails when the JSON text does not match a component schema; for schemas that no response uses. */
    public static void checkSchema(String name, String json) {
        STRICT.assertValid(name, STRICT.at("/components/schemas/" + name), readJson(json));
    }

    private static void checkHeaders(
            String exchange, Response described, OpenAPIContract contract, Map<String, String> headers) {
        Set<String> undescribed = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
        undescribed.addAll(headers.keySet());
        GENERAL_HEADERS.forEach(undescribed::remove);
        described.getHeaders().forEach(header -> undescribed.remove(header.getName()));
        assertThat(undescribed)
                .as("%s: headers that are not described", exchange)
                .isEmpty();
        for (Parameter header : described.getHeaders()) {
            String value = headers.get(header.getName());
            if (value == null) {
                assertThat(header.isRequired())
                        .as("%s: %s is missing", exchange, header.getName())
                        .isFalse();
                continue;
            }
            Object typedValue = header.getSchemaType() == SchemaType.INTEGER ? Long.valueOf(value) : value;
            OutputUnit result =
                    contract.getSchemaRepository().validator(header.getSchema()).validate(typedValue);
            assertThat(result.getValid())
                    .as("%s: %s: %s", exchange, header.getName(), value)
                    .isTrue();
        }
    }

    private static boolean isJson(String contentType) {
        return "application/json".equals(contentType) || "application/problem+json".equals(contentType);
    }

    private static void checkUndescribedOperation(
            String exchange,
            ApiContract apiContract,
            String path,
            int status,
            Map<String, String> headers,
            String contentType,
            byte[] body) {
        boolean knownPath =
                apiContract.openApi().operations().stream().anyMatch(op -> matches(op.getOpenAPIPath(), path));
        if (path.startsWith("/eventbus/")) {
            // Not an operation of the contract; requests of other origins are rejected.
            assertThat(status).as(exchange).isIn(400, 401, 403, 404, 405, 421, 429);
        } else {
            assertThat(status).as(exchange).isIn(knownPath ? 405 : 404, 400, 414, 421, 431);
        }
        if (status == 405) {
            assertThat(headers).as(exchange).containsKey("Allow");
        }
        if (exchange.startsWith("HEAD")) {
            return;
        }
        if (path.startsWith("/v1/")) {
            assertThat(contentType).as(exchange).isEqualTo("application/json");
            boolean prediction = path.matches("/v1/(predictions|webhooks)(/.*)?|/v1/models/[^/]+/[^/]+/.*");
            checkSchema(
                    prediction ? "PredictionError" : "OpenAiErrorResponse", new String(body, StandardCharsets.UTF_8));
            return;
        }
        assertThat(contentType).as(exchange).isEqualTo("application/problem+json");
        JsonNode required = DOCUMENT.at("/components/schemas/Problem/required");
        JsonObject problem = new JsonObject(Buffer.buffer(body));
        required.forEach(name -> assertThat(problem.fieldNames()).as(exchange).contains(name.asText()));
        JsonNode types = DOCUMENT.at("/components/schemas/Problem/properties/type/enum");
        assertThat(types).as(exchange).anyMatch(type -> type.asText().equals(problem.getString("type")));
    }

    /** Compares with the media types of the file, because {@link ContractLoader} replaces some in the parsed contract. */
    private static void checkMediaType(
            String exchange, Operation operation, int status, String contentType, byte[] body) {
        JsonNode response = response(operation, status);
        if (!response.has("content")) {
            assertThat(body).as(exchange + " has no body").isEmpty();
            return;
        }
        Iterator<String> mediaTypes = response.get("content").fieldNames();
        // Without parameters, as the contract names it.
        String mediaType = String.valueOf(contentType).replaceFirst(";.*", "");
        assertThat(mediaTypes).as(exchange).toIterable().contains(mediaType);
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
            throw new AssertionError("contract not loaded: " + e.getMessage(), e);
        }
    }
}
