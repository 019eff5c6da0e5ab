package dev.darkroom.api.route;

import dev.darkroom.api.problem.ErrorRenderers;
import dev.darkroom.api.security.CorsPolicyHandler;
import dev.darkroom.api.security.HostAndOriginPolicy;
import dev.darkroom.api.security.SecurityHeadersHandler;
import dev.darkroom.api.transport.AccessLogHandler;
import dev.darkroom.api.transport.DateHeaderHandler;
import dev.darkroom.api.transport.RequestIdHandler;
import dev.darkroom.api.transport.RequestSpans;
import io.vertx.ext.web.Router;
import java.util.List;
import java.util.stream.Stream;

/** Creates the router of an HTTP port: the operations of a contract, and the paths of contributors. */
public final class HttpRouter {
    private HttpRouter() {}

    /**
     * @param contract creates the router; its paths are matched before the paths of the contributors
     * @param policy host checks and origins of CORS
     * @param errorRenderers forms of error responses
     * @param requestSpans starts the spans of the requests
     * @throws IllegalStateException when two of them serve one path
     */
    public static Router create(
            RouterFactory contract,
            List<RouteContributor> contributors,
            HostAndOriginPolicy policy,
            ErrorRenderers errorRenderers,
            RequestSpans requestSpans) {
        List<ServedPath> paths = Stream.concat(
                        contract.paths().stream(),
                        contributors.stream().flatMap(contributor -> contributor.paths().stream()))
                .toList();
        Router router = contract.createRouter(List.of(
                new RequestIdHandler(),
                requestSpans,
                new DateHeaderHandler(),
                new AccessLogHandler(),
                new SecurityHeadersHandler(),
                context -> {
                    policy.checkHost(context.request());
                    context.next();
                },
                new CorsPolicyHandler(policy.corsOrigins()),
                new StrictPathHandler(paths)));
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
