package dev.darkroom.api.route;

import dev.darkroom.api.problem.ErrorRenderer.ErrorResponse;
import dev.darkroom.api.problem.ErrorRenderers;
import dev.darkroom.api.problem.Problem;
import dev.darkroom.api.security.CorsPolicyHandler;
import dev.darkroom.api.security.RateLimitHandler;
import dev.darkroom.api.security.SecurityHeadersHandler;
import dev.darkroom.api.transport.RequestIdHandler;
import dev.darkroom.api.transport.ResponseHeaders;
import dev.darkroom.api.transport.ResponseWriter;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;
import io.vertx.ext.web.RoutingContext;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sends the error response of a failed request: a problem document, or the form of the API of its path. */
final class ProblemHandler {
    private static final Logger LOG = LoggerFactory.getLogger(ProblemHandler.class);

    /** Headers that earlier handlers set and that apply to an error response too. */
    private static final List<String> KEPT_HEADERS = Stream.concat(
                    Stream.of(
                            RateLimitHandler.LIMIT_HEADER,
                            RateLimitHandler.POLICY_HEADER,
                            ResponseHeaders.GENERATION_ID),
                    CorsPolicyHandler.RESPONSE_HEADERS.stream())
            .toList();

    private final ErrorRenderers renderers;

    ProblemHandler(ErrorRenderers renderers) {
        this.renderers = renderers;
    }

    /**
     * Sends an error response. Resets the response when it is partly sent, and does nothing when it has ended.
     *
     * @param status status that the router has chosen
     */
    void handle(RoutingContext context, int status) {
        HttpServerResponse response = context.response();
        if (response.ended() || response.closed()) {
            return;
        }
        Problem problem = toProblem(context, status);
        if (response.headWritten()) {
            // Only a reset tells the client that the response is incomplete.
            response.reset();
            return;
        }
        // Headers of the intended response, such as its length, do not apply to the error response.
        Map<String, String> kept = new LinkedHashMap<>();
        for (String name : KEPT_HEADERS) {
            String value = response.headers().get(name);
            if (value != null) {
                kept.put(name, value);
            }
        }
        response.headers().clear();
        SecurityHeadersHandler.putHeaders(context);
        kept.forEach(response::putHeader);
        String requestId = RequestIdHandler.of(context);
        response.putHeader(RequestIdHandler.HEADER, requestId);
        ErrorResponse error = renderers.render(problem, context.request().path(), requestId);
        error.headers().forEach(response::putHeader);
        if (context.request().version() == HttpVersion.HTTP_2) {
            // RFC 9113, section 8.2.2: HTTP/2 does not allow this header.
            response.headers().remove(HttpHeaders.CONNECTION);
        }
        response.setStatusCode(error.status());
        if (HttpMethod.HEAD.equals(context.request().method())) {
            response.end();
            return;
        }
        response.putHeader(HttpHeaders.CONTENT_TYPE, error.mediaType());
        ResponseWriter.end(context.request(), error.body().toBuffer());
    }

    private static Problem toProblem(RoutingContext context, int status) {
        if (context.failure() instanceof Problem problem) {
            return problem;
        }
        return switch (status) {
            case 400 -> Problem.malformedRequest();
            // StrictPathHandler accepted the path; the router resolves its dot segments and finds no route.
            case 404, 405 -> Problem.unknownPath();
            default -> {
                LOG.atError()
                        .addKeyValue("requestId", RequestIdHandler.of(context))
                        .setCause(context.failure())
                        .log("request failed");
                yield Problem.internalError();
            }
        };
    }
}
