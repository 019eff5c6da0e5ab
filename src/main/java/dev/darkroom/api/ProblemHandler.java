package dev.darkroom.api;

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
    private static final List<String> OF_ANY_ANSWER = Stream.concat(
                    Stream.of(Throttle.LIMIT, Throttle.POLICY), Cors.HEADERS.stream())
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
        Problem problem = problem(context, status);
        if (response.headWritten()) {
            // The answer is half on its way; cutting it off is the only honest sign left.
            response.reset();
            return;
        }
        // What a handler said about the answer that it wanted to give, such as its length, is not true of this one.
        Map<String, String> kept = new LinkedHashMap<>();
        for (String name : OF_ANY_ANSWER) {
            String value = response.headers().get(name);
            if (value != null) {
                kept.put(name, value);
            }
        }
        response.headers().clear();
        Manners.apply(context);
        kept.forEach(response::putHeader);
        response.putHeader(RequestId.HEADER, RequestId.of(context));
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
                problem.toJson(context.request().path(), RequestId.of(context)).toBuffer());
    }

    private static Problem problem(RoutingContext context, int status) {
        if (context.failure() instanceof Problem problem) {
            return problem;
        }
        return switch (status) {
            case 400 -> Problem.unreadable();
            // The path was known; with its dots resolved it is not.
            case 404, 405 -> Problem.unknownPath();
            default -> {
                LOG.atError()
                        .addKeyValue("request", RequestId.of(context))
                        .setCause(context.failure())
                        .log("request failed");
                yield Problem.internalError();
            }
        };
    }
}
