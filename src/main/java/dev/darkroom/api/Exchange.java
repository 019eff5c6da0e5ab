package dev.darkroom.api;

import dev.darkroom.access.Caller;
import dev.darkroom.access.Credential;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;

/**
 * One request that was found valid, and its answer.
 *
 * @param context of the router
 * @param caller who asks; null where the contract wants nobody known
 * @param parameters of path, query and headers, those that are there, by name
 * @param body null when the operation takes none
 */
record Exchange(RoutingContext context, Caller caller, JsonObject parameters, JsonObject body) {

    HttpServerRequest request() {
        return context.request();
    }

    HttpServerResponse response() {
        return context.response();
    }

    /** Whose generations are meant. */
    String user() {
        return caller.user();
    }

    /** What the caller was let in with; null where nothing had to be presented, and nothing was. */
    Credential credential() {
        return Door.credential(context);
    }

    String requestId() {
        return RequestId.of(context);
    }

    /** A parameter of the contract as text; null when it is not there. */
    String parameter(String name) {
        return parameters.getString(name);
    }

    void sendJson(int status, JsonObject json) {
        response().setStatusCode(status).putHeader(HttpHeaders.CONTENT_TYPE, "application/json");
        end(json.toBuffer());
    }

    /** Ends the response with this body. */
    void end(Buffer body) {
        ResponseWriter.end(request(), body);
    }

    void fail(Throwable cause) {
        context.fail(cause);
    }
}
