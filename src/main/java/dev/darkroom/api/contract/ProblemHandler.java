package dev.darkroom.api.contract;

import dev.darkroom.api.problem.Problem;
import dev.darkroom.api.security.CorsPolicyHandler;
import dev.darkroom.api.security.RateLimitHandler;
import dev.darkroom.api.security.SecurityHeadersHandler;
import dev.darkroom.api.transport.RequestIdHandler;
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

/** Turns whatever went wrong with a request into a problem document. */
final class ProblemHandler {
    private static final Logger LOG = LoggerFactory.getLogger(ProblemHandler.class);

    /** What was said before anybody knew what the answer would be. */
    private static final List<String> KEPT_HEADERS = Stream.concat(
                    Stream.of(RateLimitHandler.LIMIT_HEADER, RateLimitHandler.POLICY_HEADER),
                    CorsPolicyHandler.RESPONSE_HEADERS.stream())
            .toList();

    /**
     * Answers a failed request, unless it is being answered already.
     *
     * @param status what the router makes of it
     */
    void handle(RoutingContext context, int status) {
        HttpServerResponse response = context.response();
        if (response.ended() || response.closed()) {
            return;
        }
        Problem problem = toProblem(context, status);
        if (response.headWritten()) {
            // The answer is half on its way; cutting it off is the only honest sign left.
            response.reset();
            return;
        }
        // What a handler said about the answer that it wanted to give, such as its length, is not true of this one.
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
        response.putHeader(RequestIdHandler.HEADER, RequestIdHandler.of(context));
        problem.headers().forEach(response::putHeader);
        if (context.request().version() == HttpVersion.HTTP_2) {
            // RFC 9113, section 8.2.2: not a header of its connections.
            response.headers().remove(HttpHeaders.CONNECTION);
        }
        response.setStatusCode(problem.status());
        if (HttpMethod.HEAD.equals(context.request().method())) {
            response.end();
            return;
        }
        response.putHeader(HttpHeaders.CONTENT_TYPE, Problem.MEDIA_TYPE);
        ResponseWriter.end(
                context.request(),
                problem.toJson(context.request().path(), RequestIdHandler.of(context))
                        .toBuffer());
    }

    private static Problem toProblem(RoutingContext context, int status) {
        if (context.failure() instanceof Problem problem) {
            return problem;
        }
        return switch (status) {
            case 400 -> Problem.malformedRequest();
            // The path was known; with its dots resolved it is not.
            case 404, 405 -> Problem.unknownPath();
            default -> {
                LOG.atError()
                        .addKeyValue("request", RequestIdHandler.of(context))
                        .setCause(context.failure())
                        .log("request failed");
                yield Problem.internalError();
            }
        };
    }
}
