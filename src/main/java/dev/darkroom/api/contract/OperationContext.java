package dev.darkroom.api.contract;

import dev.darkroom.api.security.AuthenticationHandler;
import dev.darkroom.api.transport.RequestIdHandler;
import dev.darkroom.api.transport.ResponseWriter;
import dev.darkroom.auth.Credential;
import dev.darkroom.auth.Principal;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;

/**
 * One request that was found valid, and its answer.
 *
 * @param routingContext of the router
 * @param principal who asks; null where the contract wants nobody known
 * @param parameters of path, query and headers, those that are there, by name
 * @param body null when the operation takes none
 */
public record OperationContext(
        RoutingContext routingContext, Principal principal, JsonObject parameters, JsonObject body) {

    public HttpServerRequest request() {
        return routingContext.request();
    }

    public HttpServerResponse response() {
        return routingContext.response();
    }

    /** Whose generations are meant. */
    public String user() {
        return principal.user();
    }

    /** What the caller was let in with; null where nothing had to be presented, and nothing was. */
    public Credential credential() {
        return AuthenticationHandler.credential(routingContext);
    }

    public String requestId() {
        return RequestIdHandler.of(routingContext);
    }

    /** A parameter of the contract as text; null when it is not there. */
    public String parameter(String name) {
        return parameters.getString(name);
    }

    public void sendJson(int status, JsonObject json) {
        response().setStatusCode(status).putHeader(HttpHeaders.CONTENT_TYPE, "application/json");
        end(json.toBuffer());
    }

    /** Ends the response with this body. */
    public void end(Buffer body) {
        ResponseWriter.end(request(), body);
    }

    public void fail(Throwable cause) {
        routingContext.fail(cause);
    }
}
