package dev.darkroom.api.contract;

import com.networknt.schema.Error;
import dev.darkroom.api.body.FormFiles;
import dev.darkroom.api.body.FormReader;
import dev.darkroom.api.body.FormReader.FormLimits;
import dev.darkroom.api.body.RequestBodyLimits;
import dev.darkroom.api.body.RequestBodyReader;
import dev.darkroom.api.contract.OperationHandler.FormBody;
import dev.darkroom.api.contract.OperationHandler.RawBody;
import dev.darkroom.api.problem.Problem;
import dev.darkroom.auth.Principal;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import io.vertx.openapi.contract.MediaType;
import io.vertx.openapi.contract.Operation;
import java.util.List;
import java.util.Locale;

/**
 * Validates requests of one operation against the contract, on the event loop: bodies are small. The router's own validation runs on the
 * shared worker pool and would wait behind other blocking tasks. Confined to one event loop.
 */
final class RequestReader {
    private static final int WORKER_THREADS = 1;

    private final ParameterReader parameterReader;
    private final CompiledSchema bodySchema;
    private final RequestBodyLimits limits;

    /** Copies large bodies. Null when the operation accepts no data URLs. */
    private final WorkerExecutor workers;

    /** Null for JSON or no body. */
    private final RawBody rawBody;

    /** Null when the operation has no form. */
    private final FormBody formBody;

    private final FormSchema form;

    /** @param limits of bodies for which the handler states no others */
    RequestReader(Vertx vertx, Operation operation, RequestBodyLimits limits, OperationHandler handler) {
        int maxDataUrlBytes = handler.maxDataUrlBytes();
        rawBody = handler.rawBody();
        formBody = handler.formBody();
        form = formBody == null ? null : FormSchema.of(operation, formBody.maxFiles());
        parameterReader = new ParameterReader(operation);
        MediaType json = operation.getRequestBody() == null
                ? null
                : operation.getRequestBody().getContent().get(MediaType.APPLICATION_JSON);
        bodySchema = json == null ? null : CompiledSchema.compile(json.getSchema());
        this.workers = maxDataUrlBytes == 0
                ? null
                : vertx.createSharedWorkerExecutor("darkroom-request-parsing", WORKER_THREADS);
        this.limits = maxDataUrlBytes == 0
                ? limits
                : new RequestBodyLimits(DataUrlReplacer.MAX_REMAINING_BYTES + maxDataUrlBytes, limits.timeout());
    }

    /**
     * Reads and validates a request. Must be called before the handler of the request returns.
     *
     * @return fails with a {@link Problem} for an invalid body, and with {@link io.vertx.core.http.HttpClosedException} if the client
     *     disconnects
     * @throws Problem for invalid parameters and headers
     */
    Future<OperationContext> read(RoutingContext context, Principal principal) {
        JsonObject parameters = parameterReader.read(context);
        if (rawBody != null) {
            return readRaw(context, principal, parameters);
        }
        if (bodySchema == null) {
            return Future.succeededFuture(new OperationContext(context, principal, parameters, null, null));
        }
        checkTransferEncoding(context.request());
        checkContentEncoding(context.request());
        if (form != null && FormSchema.MEDIA_TYPE.equals(mediaType(context.request()))) {
            return readForm(context, principal, parameters);
        }
        checkJson(context.request());
        return readJson(context, principal, parameters);
    }

    private Future<OperationContext> readJson(RoutingContext context, Principal principal, JsonObject parameters) {
        return workers == null
                ? RequestBodyReader.read(context.vertx(), context.request(), limits)
                        .map(bytes -> new OperationContext(context, principal, parameters, validate(bytes), null))
                : readWithDataUrls(context, principal, parameters);
    }

    private Future<OperationContext> readWithDataUrls(
            RoutingContext context, Principal principal, JsonObject parameters) {
        return RequestBodyReader.readRetained(context.vertx(), context.request(), limits)
                .compose(body -> Future.succeededFuture(body.bytes())
                        .compose(this::replaceDataUrls)
                        .map(bytes -> new OperationContext(context, principal, parameters, validate(bytes), body))
                        .onFailure(failure -> body.release().run()));
    }

    private Future<OperationContext> readRaw(RoutingContext context, Principal principal, JsonObject parameters) {
        checkTransferEncoding(context.request());
        checkContentEncoding(context.request());
        String mediaType = mediaType(context.request());
        if (!rawBody.mediaTypes().contains(mediaType)) {
            throw Problem.unsupportedMediaType(rawBody.mediaTypes());
        }
        parameters.put(OperationContext.MEDIA_TYPE, mediaType);
        return RequestBodyReader.readRetained(context.vertx(), context.request(), rawBody.limits())
                .map(body -> new OperationContext(context, principal, parameters, null, body));
    }

    private Future<OperationContext> readForm(RoutingContext context, Principal principal, JsonObject parameters) {
        FormFiles files = formBody.files().apply(new OperationContext(context, principal, parameters, null, null));
        FormLimits formLimits = new FormLimits(limits.maxBytes(), formBody.fileLimits());
        return FormReader.read(context.vertx(), context.request(), formLimits, form.fields(), files)
                .compose(received -> {
                    try {
                        JsonObject body = form.validate(received.values());
                        return Future.succeededFuture(
                                new OperationContext(context, principal, parameters, body, null, received.files()));
                    } catch (Problem problem) {
                        files.discardAll(received.files());
                        return Future.failedFuture(problem);
                    }
                });
    }

    /** Returns the media type of the body in lower case, without parameters. */
    private static String mediaType(HttpServerRequest request) {
        String header = request.getHeader(HttpHeaders.CONTENT_TYPE);
        return header == null ? "" : header.split(";", -1)[0].trim().toLowerCase(Locale.ROOT);
    }

    /** A large body is copied on a worker thread. */
    private Future<Buffer> replaceDataUrls(Buffer body) {
        return body.length() <= DataUrlReplacer.MAX_REMAINING_BYTES
                ? Future.succeededFuture(DataUrlReplacer.replace(body))
                : workers.executeBlocking(() -> DataUrlReplacer.replace(body), false);
    }

    /** Rejects transfer codings other than chunked (RFC 9112, section 6.1). The HTTP server would ignore them. */
    private static void checkTransferEncoding(HttpServerRequest request) {
        List<String> lines = request.headers().getAll(HttpHeaders.TRANSFER_ENCODING);
        if (!lines.isEmpty() && !(lines.size() == 1 && lines.get(0).trim().equalsIgnoreCase("chunked"))) {
            throw Problem.invalid("Transfer-Encoding", "must be chunked");
        }
    }

    /** Rejects content codings (RFC 9110, section 15.5.16) by the header alone, not by the bytes. */
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
     * Requires JSON in UTF-8. The media type is case-insensitive and may have parameters (RFC 9110, section 8.3). RFC 8259 allows no
     * other charset. {@code utf8} is not a registered name of it, but many clients send it.
     */
    private void checkJson(HttpServerRequest request) {
        boolean json = mediaType(request).equals(MediaType.APPLICATION_JSON);
        if (!json && form != null) {
            throw Problem.unsupportedMediaType(List.of(MediaType.APPLICATION_JSON, FormSchema.MEDIA_TYPE));
        }
        String header = request.getHeader(HttpHeaders.CONTENT_TYPE);
        String[] parts = header == null ? new String[0] : header.split(";", -1);
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

    private JsonObject validate(Buffer body) {
        JsonObject value = JsonBodyParser.parse(body);
        List<Error> errors = bodySchema.validate(value);
        if (!errors.isEmpty()) {
            throw Problem.invalid(ValidationErrorMapper.toValidationErrors(errors));
        }
        return value;
    }
}
