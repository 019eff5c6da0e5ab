package dev.darkroom.api.contract;

import dev.darkroom.api.problem.Problem;
import dev.darkroom.api.transport.RequestBodyLimits;
import dev.darkroom.api.transport.RequestBodyReader;
import dev.darkroom.auth.Principal;
import io.vertx.core.Future;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import io.vertx.json.schema.OutputUnit;
import io.vertx.json.schema.SchemaRepository;
import io.vertx.openapi.contract.MediaType;
import io.vertx.openapi.contract.Operation;
import java.util.List;

/**
 * Checks requests of one operation against the contract, on the event loop: bodies are small, and the router's own
 * validation would wait in line behind whatever else blocks on the shared worker pool. Stateless after construction.
 */
final class RequestReader {
    private final ParameterReader parameterReader;
    private final CompiledSchema bodySchema;
    private final RequestBodyLimits limits;

    RequestReader(Operation operation, SchemaRepository schemas, RequestBodyLimits limits) {
        parameterReader = new ParameterReader(operation, schemas);
        MediaType json = operation.getRequestBody() == null
                ? null
                : operation.getRequestBody().getContent().get(MediaType.APPLICATION_JSON);
        bodySchema = json == null ? null : CompiledSchema.compile(json.getSchema(), schemas);
        this.limits = limits;
    }

    /**
     * The request, if it is what the contract allows. Must be called before the handler of the request returns.
     *
     * @return fails with a {@link Problem} if it is not, and with {@link io.vertx.core.http.HttpClosedException} if the
     *     caller left
     */
    Future<OperationContext> read(RoutingContext context, Principal principal) {
        JsonObject given;
        try {
            given = parameterReader.read(context);
            if (bodySchema == null) {
                return Future.succeededFuture(new OperationContext(context, principal, given, null));
            }
            checkTransferEncoding(context.request());
            checkContentEncoding(context.request());
            checkContentType(context.request().getHeader(HttpHeaders.CONTENT_TYPE));
        } catch (Problem problem) {
            return Future.failedFuture(problem);
        }
        return RequestBodyReader.read(context.vertx(), context.request(), limits)
                .map(bytes ->
                        new OperationContext(context, principal, given, validateBody(JsonBodyParser.parse(bytes))));
    }

    /** RFC 9112, section 6.1. The HTTP server reads chunks and ignores other codings. */
    private static void checkTransferEncoding(HttpServerRequest request) {
        List<String> lines = request.headers().getAll(HttpHeaders.TRANSFER_ENCODING);
        if (!lines.isEmpty() && !(lines.size() == 1 && lines.get(0).trim().equalsIgnoreCase("chunked"))) {
            throw Problem.invalid("Transfer-Encoding", "must be chunked, if anything");
        }
    }

    /** RFC 9110, section 15.5.16. The header is believed whatever the bytes look like. */
    private static void checkContentEncoding(HttpServerRequest request) {
        for (String line : request.headers().getAll(HttpHeaders.CONTENT_ENCODING)) {
            for (String coding : line.split(",", -1)) {
                String name = coding.trim();
                if (!name.isEmpty() && !name.equalsIgnoreCase("identity")) {
                    throw Problem.unsupportedContentEncoding();
                }
            }
        }
    }

    /**
     * RFC 9110, section 8.3: in any case, with parameters. RFC 8259 leaves no choice of charset; {@code utf8} is no registered name of
     * it, but many clients write it.
     */
    private static void checkContentType(String header) {
        String[] parts = header == null ? new String[] {""} : header.split(";", -1);
        boolean json = parts[0].trim().equalsIgnoreCase("application/json");
        for (String parameter : parts) {
            String[] pair = parameter.split("=", 2);
            if (pair[0].trim().equalsIgnoreCase("charset")) {
                json &= pair.length == 2 && isUtf8(pair[1].replace("\"", "").trim());
            }
        }
        if (!json) {
            throw Problem.unsupportedMediaType();
        }
    }

    private static boolean isUtf8(String charset) {
        return charset.equalsIgnoreCase("utf-8") || charset.equalsIgnoreCase("utf8");
    }

    private JsonObject validateBody(JsonObject value) {
        OutputUnit refusal = bodySchema.validate(value);
        if (refusal != null) {
            throw Problem.invalid(ValidationErrorMapper.toValidationErrors(refusal, bodySchema.schema()));
        }
        return value;
    }
}
