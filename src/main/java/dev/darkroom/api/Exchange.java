package dev.darkroom.api;

import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;

/**
 * One request that was found valid, and its answer.
 *
 * @param context of the router
 * @param body null when the operation takes none
 */
record Exchange(RoutingContext context, JsonObject body) {

    HttpServerRequest request() {
        return context.request();
    }

    HttpServerResponse response() {
        return context.response();
    }

    /** Who asks. Everybody is the same user until callers are known. */
    String user() {
        return "local";
    }

    String requestId() {
        return RequestId.of(context);
    }

    String pathParameter(String name) {
        return context.pathParam(name);
    }

    void sendJson(int status, JsonObject json) {
        response()
                .setStatusCode(status)
                .putHeader(HttpHeaders.CONTENT_TYPE, "application/json")
                .end(json.toBuffer());
    }

    void fail(Throwable cause) {
        context.fail(cause);
    }
}
