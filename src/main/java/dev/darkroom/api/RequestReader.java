package dev.darkroom.api;

import dev.darkroom.access.Caller;
import io.vertx.core.Future;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import io.vertx.json.schema.OutputUnit;
import io.vertx.json.schema.SchemaRepository;
import io.vertx.openapi.contract.MediaType;
import io.vertx.openapi.contract.Operation;

/**
 * Checks requests of one operation against the contract, on the event loop: bodies are small, and the router's own
 * validation would wait in line behind whatever else blocks on the shared worker pool. Stateless after construction.
 */
final class RequestReader {
    private final Parameters parameters;
    private final Check body;
    private final BodyLimits limits;

    RequestReader(Operation operation, SchemaRepository schemas, BodyLimits limits) {
        parameters = new Parameters(operation, schemas);
        MediaType json = operation.getRequestBody() == null
                ? null
                : operation.getRequestBody().getContent().get(MediaType.APPLICATION_JSON);
        body = json == null ? null : Check.of(json.getSchema(), schemas);
        this.limits = limits;
    }

    /**
     * The request, if it is what the contract allows. Must be called before the handler of the request returns.
     *
     * @return fails with a {@link Problem} if it is not, and with {@link io.vertx.core.http.HttpClosedException} if the
     *     caller left
     */
    Future<Exchange> read(RoutingContext context, Caller caller) {
        JsonObject given;
        try {
            given = parameters.read(context);
            if (body == null) {
                return Future.succeededFuture(new Exchange(context, caller, given, null));
            }
            checkContentType(context.request().getHeader(HttpHeaders.CONTENT_TYPE));
        } catch (Problem problem) {
            return Future.failedFuture(problem);
        }
        return BodyReader.read(context.vertx(), context.request(), limits)
                .map(bytes -> new Exchange(context, caller, given, valid(JsonBody.parse(bytes))));
    }

    /** RFC 9110, section 8.3: in any case, with parameters. RFC 8259 leaves no choice of charset. */
    private static void checkContentType(String header) {
        String[] parts = header == null ? new String[] {""} : header.split(";", -1);
        boolean json = parts[0].trim().equalsIgnoreCase("application/json");
        for (String parameter : parts) {
            String[] pair = parameter.split("=", 2);
            if (pair[0].trim().equalsIgnoreCase("charset")) {
                json &= pair.length == 2 && pair[1].replace("\"", "").trim().equalsIgnoreCase("utf-8");
            }
        }
        if (!json) {
            throw Problem.unsupportedMediaType();
        }
    }

    private JsonObject valid(JsonObject value) {
        OutputUnit refusal = body.refusal(value);
        if (refusal != null) {
            throw Problem.invalid(Violations.ofBody(refusal, body.schema()));
        }
        return value;
    }
}
