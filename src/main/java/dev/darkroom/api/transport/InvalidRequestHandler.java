package dev.darkroom.api.transport;

import dev.darkroom.api.problem.ErrorRenderer.ErrorResponse;
import dev.darkroom.api.problem.ErrorRenderers;
import dev.darkroom.api.problem.Problem;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.vertx.core.Handler;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;

/** Rejects input that is not valid HTTP. Such input never reaches the router. */
public record InvalidRequestHandler(ErrorRenderers renderers) implements Handler<HttpServerRequest> {

    @Override
    public void handle(HttpServerRequest request) {
        String requestId = RequestIdHandler.acceptOrGenerate(request.getHeader(RequestIdHandler.HEADER));
        Problem problem = toProblem(request.decoderResult().cause());
        // The path is known when only the headers are too large.
        ErrorResponse error = renderers.render(problem, request.path() == null ? "/" : request.path(), requestId);
        error.headers().forEach(request.response()::putHeader);
        request.response()
                .setStatusCode(error.status())
                .putHeader(RequestIdHandler.HEADER, requestId)
                .putHeader(HttpHeaders.CONTENT_TYPE, error.mediaType())
                .putHeader(HttpHeaders.CONNECTION, "close");
        new ResponseWriter(request)
                .endWith(error.body().toBuffer())
                .onComplete(sent -> request.connection().close());
    }

    private static Problem toProblem(Throwable cause) {
        if (cause instanceof TooLongHttpLineException) {
            return Problem.tooLarge(414, "The URL is too long.");
        }
        if (cause instanceof TooLongHttpHeaderException) {
            return Problem.tooLarge(431, "The headers are too large.");
        }
        return Problem.malformedRequest();
    }
}
