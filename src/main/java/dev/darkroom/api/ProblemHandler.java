package dev.darkroom.api;

import io.vertx.core.Handler;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Turns whatever went wrong with a request into a problem document. The only place that writes error answers. */
final class ProblemHandler implements Handler<RoutingContext> {
    private static final Logger LOG = LoggerFactory.getLogger(ProblemHandler.class);

    /** Seconds after which to ask again when we cannot answer: long enough to breathe, short enough not to be noticed. */
    private static final String RETRY_AFTER = "5";

    private final Contract contract;
    private final int maxBodyBytes;

    ProblemHandler(Contract contract, int maxBodyBytes) {
        this.contract = contract;
        this.maxBodyBytes = maxBodyBytes;
    }

    @Override
    public void handle(RoutingContext context) {
        HttpServerResponse response = context.response();
        if (response.headWritten()) {
            // The answer is half on its way; cutting the connection is the only honest sign left.
            context.request().connection().close();
            return;
        }
        Problem problem = problem(context);
        if (problem.status() == 405) {
            response.putHeader(
                    HttpHeaders.ALLOW, contract.allowedMethods(context.request().path()));
        }
        if (problem.status() == 503) {
            response.putHeader(HttpHeaders.RETRY_AFTER, RETRY_AFTER);
        }
        response.setStatusCode(problem.status());
        if (HttpMethod.HEAD.equals(context.request().method())) {
            response.end();
            return;
        }
        response.putHeader(HttpHeaders.CONTENT_TYPE, "application/problem+json")
                .end(problem.toJson(context.request().path(), RequestId.of(context))
                        .toBuffer());
    }

    private Problem problem(RoutingContext context) {
        if (context.failure() instanceof Problem problem) {
            return problem;
        }
        return switch (context.statusCode()) {
            case 400 -> Problem.invalid("#", "is not a request that can be read");
            case 404 -> Problem.notFound("There is nothing under this path.");
            case 405 ->
                Problem.methodNotAllowed(
                        context.request().method().name(),
                        contract.allowedMethods(context.request().path()));
            case 413 -> Problem.tooLarge(maxBodyBytes);
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
