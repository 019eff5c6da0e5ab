package dev.darkroom.api;

import io.vertx.core.Handler;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import java.util.UUID;

/** Answers what is no HTTP request at all: such a one never reaches the router. */
final class InvalidRequest implements Handler<HttpServerRequest> {

    @Override
    public void handle(HttpServerRequest request) {
        String requestId = UUID.randomUUID().toString();
        Problem problem = Problem.invalid("#", "is not an HTTP request that can be read");
        request.response()
                .setStatusCode(problem.status())
                .putHeader(RequestId.HEADER, requestId)
                .putHeader(HttpHeaders.CONTENT_TYPE, "application/problem+json")
                .putHeader(HttpHeaders.CONNECTION, "close")
                .end(problem.toJson("/", requestId).toBuffer())
                .onComplete(sent -> request.connection().close());
    }
}
