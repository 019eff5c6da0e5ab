package dev.darkroom.api.contract;

import dev.darkroom.api.body.FormFiles.StoredFile;
import dev.darkroom.api.body.RequestBodyReader.RetainedBody;
import dev.darkroom.api.problem.Problem;
import dev.darkroom.api.security.AuthenticationHandler;
import dev.darkroom.api.transport.RequestIdHandler;
import dev.darkroom.api.transport.RequestSpans;
import dev.darkroom.api.transport.ResponseWriter;
import dev.darkroom.auth.Credential;
import dev.darkroom.auth.Principal;
import dev.darkroom.telemetry.TraceSpan;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * A validated request and its response. For the event loop of the request.
 *
 * @param routingContext context of the router
 * @param principal null when the operation is public, a signed URL authorized the request, or authentication is deferred
 * @param parameters present path, query and header parameters by name
 * @param body null when the operation has no request body in JSON
 * @param receivedBody null unless {@link OperationHandler#maxDataUrlBytes()} is above 0 or the body is raw
 * @param files stored files of a form by field; {@code body} has their SHA-256. The handler discards those that nothing uses
 */
public record OperationContext(
        RoutingContext routingContext,
        Principal principal,
        JsonObject parameters,
        JsonObject body,
        RetainedBody receivedBody,
        Map<String, List<StoredFile>> files) {
    private static final int DEFAULT_LIMIT = 20;

    /** Name of the parameter with the media type of a raw body, in lower case. */
    public static final String MEDIA_TYPE = "Content-Type";

    /** Creates a context without files. */
    public OperationContext(
            RoutingContext routingContext,
            Principal principal,
            JsonObject parameters,
            JsonObject body,
            RetainedBody receivedBody) {
        this(routingContext, principal, parameters, body, receivedBody, Map.of());
    }

    public HttpServerRequest request() {
        return routingContext.request();
    }

    public HttpServerResponse response() {
        return routingContext.response();
    }

    /** Returns the user of the request, for an operation that requires authentication. */
    public String user() {
        return principal.user();
    }

    /** Returns the credential of the request; null when the request has none. */
    public Credential credential() {
        return AuthenticationHandler.credential(routingContext);
    }

    public String requestId() {
        return RequestIdHandler.of(routingContext);
    }

    /** Returns the span of the request; {@link TraceSpan#NONE} without tracing. */
    public TraceSpan span() {
        return RequestSpans.of(routingContext);
    }

    /** Returns a parameter as text; null when it is absent. */
    public String parameter(String name) {
        return parameters.getString(name);
    }

    /** Returns a parameter of the format {@code uuid}; null when it is absent. */
    public UUID uuid(String name) {
        String text = parameter(name);
        return text == null ? null : UUID.fromString(text);
    }

    /**
     * Returns a path parameter with the id of a resource, for a parameter without the format {@code uuid}.
     *
     * @throws Problem with the status 404 when it is no UUID, because no resource has such an id
     */
    public UUID resourceId(String name) {
        try {
            return UUID.fromString(parameter(name));
        } catch (IllegalArgumentException e) {
            throw Problem.notFound("The id " + parameter(name) + " does not exist.");
        }
    }

    /** Returns the parameter {@code limit}, or its default. */
    public int limit() {
        return parameters.getInteger("limit", DEFAULT_LIMIT);
    }

    public void sendJson(int status, JsonObject json) {
        sendJson(status, json.toBuffer());
    }

    public void sendJson(int status, Buffer json) {
        response().setStatusCode(status).putHeader(HttpHeaders.CONTENT_TYPE, "application/json");
        end(json);
    }

    /** Ends the response with this body. */
    public void end(Buffer body) {
        ResponseWriter.end(request(), body);
    }

    public void fail(Throwable cause) {
        routingContext.fail(cause);
    }
}
