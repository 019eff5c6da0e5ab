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
        Throwable cause = request.decoderResult().cause();
        ErrorResponse error = renderers.render(toProblem(cause), pathOf(request, cause), requestId);
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

    /** Returns the path when only the headers are too large. Otherwise Netty has put another one in its place. */
    private static String pathOf(HttpServerRequest request, Throwable cause) {
        return cause instanceof TooLongHttpHeaderException && request.path() != null ? request.path() : "/";
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
