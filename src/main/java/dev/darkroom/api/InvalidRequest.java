package dev.darkroom.api;

import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.vertx.core.Handler;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;

/** Answers what is no HTTP request at all: such a one never reaches the router. */
final class InvalidRequest implements Handler<HttpServerRequest> {

    @Override
    public void handle(HttpServerRequest request) {
        String requestId = RequestId.chosen(request.getHeader(RequestId.HEADER));
        Problem problem = problem(request.decoderResult().cause());
        request.response()
                .setStatusCode(problem.status())
                .putHeader(RequestId.HEADER, requestId)
                .putHeader(HttpHeaders.CONTENT_TYPE, Problem.MEDIA_TYPE)
                .putHeader(HttpHeaders.CONNECTION, "close");
        new ResponseWriter(request)
                .endWith(problem.toJson("/", requestId).toBuffer())
                .onComplete(sent -> request.connection().close());
    }

    private static Problem problem(Throwable cause) {
        if (cause instanceof TooLongHttpLineException) {
            return Problem.tooLarge(414, "The URL is too long.");
        }
        if (cause instanceof TooLongHttpHeaderException) {
            return Problem.tooLarge(431, "The headers are too large.");
        }
        return Problem.unreadable();
    }
}
