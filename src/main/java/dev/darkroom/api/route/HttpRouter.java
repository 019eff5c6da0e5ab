package dev.darkroom.api.route;

import dev.darkroom.api.problem.ErrorRenderers;
import dev.darkroom.api.security.CorsPolicyHandler;
import dev.darkroom.api.security.HostAndOriginPolicy;
import dev.darkroom.api.security.SecurityHeadersHandler;
import dev.darkroom.api.transport.AccessLogHandler;
import dev.darkroom.api.transport.DateHeaderHandler;
import dev.darkroom.api.transport.RequestIdHandler;
import dev.darkroom.api.transport.RequestSpans;
import io.vertx.core.Vertx;
import io.vertx.ext.web.Router;
import java.util.List;

/** Creates the router of an HTTP port from its contributors. */
public final class HttpRouter {
    private HttpRouter() {}

    /**
     * @param contributors the most requested first
     * @param policy host checks and origins of CORS
     * @param errorRenderers forms of error responses
     * @param requestSpans starts the spans of the requests
     */
    public static Router create(
            Vertx vertx,
            List<RouteContributor> contributors,
            HostAndOriginPolicy policy,
            ErrorRenderers errorRenderers,
            RequestSpans requestSpans) {
        Router router = Router.router(vertx);
        router.route()
                .handler(new RequestIdHandler())
                .handler(requestSpans)
                .handler(new DateHeaderHandler())
                .handler(new AccessLogHandler())
                .handler(new SecurityHeadersHandler())
                .handler(context -> {
                    policy.checkHost(context.request());
                    context.next();
                })
                .handler(new CorsPolicyHandler(policy.corsOrigins()))
                .handler(new StrictPathHandler(contributors.stream()
                        .flatMap(contributor -> contributor.paths().stream())
                        .toList()));
        contributors.forEach(contributor -> contributor.addRoutes(router));
        ProblemHandler problems = new ProblemHandler(errorRenderers);
        // Failed requests, and errors of the router itself.
        for (int status = 400; status < 600; status++) {
            int errorStatus = status;
            router.errorHandler(status, context -> problems.handle(context, errorStatus));
        }
        return router;
    }
}
