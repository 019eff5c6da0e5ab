package dev.darkroom.api.contract;

import dev.darkroom.api.body.RequestBodyLimits;
import dev.darkroom.api.problem.ErrorRenderers;
import dev.darkroom.api.security.AuthenticationHandler;
import dev.darkroom.api.security.CorsPolicyHandler;
import dev.darkroom.api.security.HostAndOriginPolicy;
import dev.darkroom.api.security.RateLimitHandler;
import dev.darkroom.api.security.SecurityHeadersHandler;
import dev.darkroom.api.transport.AccessLogHandler;
import dev.darkroom.api.transport.DateHeaderHandler;
import dev.darkroom.api.transport.RequestIdHandler;
import dev.darkroom.api.transport.RequestSpans;
import dev.darkroom.api.transport.UnsentByteTracker;
import dev.darkroom.auth.AuthServices;
import dev.darkroom.auth.Principal;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClosedException;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.openapi.router.OpenAPIRoute;
import io.vertx.ext.web.openapi.router.RouterBuilder;
import io.vertx.openapi.contract.Operation;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Creates routers that serve exactly the operations of a contract. */
public final class ContractRouter {
    /** Time for the body after which a request is authenticated again. With the cache of API keys it is below the time of an erasure. */
    private static final Duration MAX_BODY_TIME = Duration.ofSeconds(1);

    private static final Logger LOG = LoggerFactory.getLogger(ContractRouter.class);

    private ContractRouter() {}

    /**
     * @param policy host and origin checks
     * @param limits size and time limits of request bodies
     * @param errorRenderers forms of error responses
     * @param requestSpans starts the spans of the requests
     * @throws IllegalStateException when an operation has no handler or a handler has no operation
     */
    public static Router create(
            Vertx vertx,
            ApiContract apiContract,
            List<OperationHandler> handlers,
            AuthServices authServices,
            HostAndOriginPolicy policy,
            RequestBodyLimits limits,
            ErrorRenderers errorRenderers,
            RequestSpans requestSpans) {
        RateLimitHandler rateLimitHandler = new RateLimitHandler(authServices);
        Set<String> streamOperationIds = handlers.stream()
                .filter(OperationHandler::opensStream)
                .map(OperationHandler::operationId)
                .collect(Collectors.toSet());
        RouterBuilder builder = RouterBuilder.create(vertx, apiContract.openApi())
                .rootHandler(new RequestIdHandler())
                .rootHandler(requestSpans)
                .rootHandler(new DateHeaderHandler())
                .rootHandler(new AccessLogHandler())
                .rootHandler(new SecurityHeadersHandler())
                .rootHandler(context -> {
                    policy.checkHost(context.request());
                    context.next();
                })
                .rootHandler(new CorsPolicyHandler(policy.corsOrigins()))
                .rootHandler(new StrictPathHandler(apiContract.openApi(), streamOperationIds));
        Set<String> unhandled = new HashSet<>(apiContract.operationIds());
        for (OperationHandler handler : handlers) {
            if (!unhandled.remove(handler.operationId())) {
                throw new IllegalStateException("the contract has no operation " + handler.operationId());
            }
            OpenAPIRoute route = builder.getRoute(handler.operationId());
            String path = route.getOperation().getOpenAPIPath();
            RequestReader reader = new RequestReader(vertx, route.getOperation(), limits, handler);
            // AuthenticationHandler and RequestReader replace both, from the same contract; RequestReader explains why.
            AuthenticationHandler authenticationHandler = new AuthenticationHandler(route.getOperation(), authServices);
            route.setDoSecurity(false).setDoValidation(false).addHandler(context -> {
                RequestSpans.recordRoute(context, path);
                policy.checkOrigin(context.request(), handler.opensStream());
                authenticate(context, authenticationHandler, principal -> {
                    identifyConnection(context, principal);
                    rateLimitHandler.countRequest(principal, context.request());
                    readAndHandle(context, principal, reader, handler, authenticationHandler);
                });
            });
        }
        if (!unhandled.isEmpty()) {
            throw new IllegalStateException("no handler for " + unhandled);
        }
        Router router = builder.createRouter();
        router.getRoutes().stream()
                .filter(route -> route.getMetadata(RouterBuilder.KEY_META_DATA_OPERATION) instanceof Operation operation
                        && StrictPathHandler.supportsHead(apiContract.openApi(), operation, streamOperationIds))
                .forEach(route -> route.method(HttpMethod.HEAD));
        return addErrorHandlers(router, errorRenderers);
    }

    private static void authenticate(
            RoutingContext context, AuthenticationHandler authenticationHandler, Consumer<Principal> next) {
        Future<Principal> authentication = authenticationHandler.authenticate(context);
        if (authentication.succeeded()) {
            next.accept(authentication.result());
            return;
        }
        // Pauses the body until authentication completes.
        context.request().pause();
        authentication.onComplete(result -> {
            if (result.failed()) {
                context.request().resume();
                context.fail(result.cause());
                return;
            }
            try {
                next.accept(result.result());
            } catch (RuntimeException e) {
                context.fail(e);
            }
            context.request().resume();
        });
    }

    /** Charges the connection to the user. Connections without presented credentials stay anonymous, also when authentication is off. */
    private static void identifyConnection(RoutingContext context, Principal principal) {
        if (principal != null && AuthenticationHandler.credential(context) != null) {
            UnsentByteTracker.of(context.request().connection()).identify(principal.user());
        }
    }

    private static void readAndHandle(
            RoutingContext context,
            Principal principal,
            RequestReader reader,
            OperationHandler handler,
            AuthenticationHandler authenticationHandler) {
        long startedAt = System.nanoTime();
        reader.read(context, principal)
                .compose(operationContext -> System.nanoTime() - startedAt < MAX_BODY_TIME.toNanos()
                        ? Future.succeededFuture(operationContext)
                        : authenticateAgain(operationContext, authenticationHandler))
                .onSuccess(operationContext -> {
                    try {
                        handler.handle(operationContext);
                    } catch (RuntimeException e) {
                        // The router does not catch exceptions after it has returned to wait for the body.
                        context.fail(e);
                    }
                })
                .onFailure(failure -> {
                    if (failure instanceof HttpClosedException) {
                        LOG.atDebug()
                                .addKeyValue("requestId", RequestIdHandler.of(context))
                                .log("request aborted by client");
                    } else {
                        context.fail(failure);
                    }
                });
    }

    /** Authenticates after a slow body, because the credentials may have been revoked or the user erased in the meantime. */
    private static Future<OperationContext> authenticateAgain(
            OperationContext operationContext, AuthenticationHandler authenticationHandler) {
        return authenticationHandler
                .authenticate(operationContext.routingContext())
                .map(operationContext)
                .onFailure(failure -> {
                    if (operationContext.receivedBody() != null) {
                        operationContext.receivedBody().release().run();
                    }
                });
    }

    /** Answers failed requests, and errors of the router itself. */
    private static Router addErrorHandlers(Router router, ErrorRenderers errorRenderers) {
        ProblemHandler problems = new ProblemHandler(errorRenderers);
        for (int status = 400; status < 600; status++) {
            int errorStatus = status;
            router.errorHandler(status, context -> problems.handle(context, errorStatus));
        }
        return router;
    }
}
