package dev.darkroom.api.contract;

import dev.darkroom.api.body.RequestBodyLimits;
import dev.darkroom.api.route.RouterFactory;
import dev.darkroom.api.route.ServedPath;
import dev.darkroom.api.security.AuthenticationHandler;
import dev.darkroom.api.security.HostAndOriginPolicy;
import dev.darkroom.api.security.RateLimitHandler;
import dev.darkroom.api.transport.RequestIdHandler;
import dev.darkroom.api.transport.RequestSpans;
import dev.darkroom.api.transport.UnsentByteTracker;
import dev.darkroom.auth.AuthServices;
import dev.darkroom.auth.Principal;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClosedException;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.Route;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.openapi.router.RouterBuilder;
import io.vertx.openapi.contract.OpenAPIContract;
import io.vertx.openapi.contract.Operation;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Creates a router of exactly the operations of a contract, with the router of the OpenAPI library. For the event loop of one router. */
public final class ContractRouterFactory implements RouterFactory {
    /** Time for the body after which a request is authenticated again. With the cache of API keys it is below the time of an erasure. */
    private static final Duration MAX_BODY_TIME = Duration.ofSeconds(1);

    private static final Logger LOG = LoggerFactory.getLogger(ContractRouterFactory.class);

    private final Vertx vertx;
    private final OpenAPIContract openApi;
    private final Map<String, OperationHandler> handlers;
    private final AuthServices authServices;
    private final HostAndOriginPolicy policy;
    private final RequestBodyLimits limits;

    /**
     * @param policy origin checks
     * @param limits size and time limits of request bodies
     * @throws IllegalStateException when an operation has no handler or a handler has no operation
     */
    public ContractRouterFactory(
            Vertx vertx,
            ApiContract apiContract,
            List<OperationHandler> handlers,
            AuthServices authServices,
            HostAndOriginPolicy policy,
            RequestBodyLimits limits) {
        this.vertx = vertx;
        this.openApi = apiContract.openApi();
        this.handlers = handlers.stream()
                .collect(Collectors.toUnmodifiableMap(OperationHandler::operationId, Function.identity()));
        this.authServices = authServices;
        this.policy = policy;
        this.limits = limits;
        Set<String> unhandled = new HashSet<>(apiContract.operationIds());
        for (OperationHandler handler : handlers) {
            if (!unhandled.remove(handler.operationId())) {
                throw new IllegalStateException("the contract has no operation " + handler.operationId());
            }
        }
        if (!unhandled.isEmpty()) {
            throw new IllegalStateException("no handler for " + unhandled);
        }
    }

    @Override
    public List<ServedPath> paths() {
        return openApi.getPaths().stream()
                .map(path -> new ServedPath(
                        path.getName(),
                        path.getOperations().stream()
                                .flatMap(operation -> methods(operation).stream())
                                .collect(Collectors.toSet())))
                .toList();
    }

    @Override
    public Router createRouter(List<Handler<RoutingContext>> rootHandlers) {
        RouterBuilder builder = RouterBuilder.create(vertx, openApi);
        rootHandlers.forEach(builder::rootHandler);
        RateLimitHandler rateLimitHandler = new RateLimitHandler(authServices);
        for (Operation operation : openApi.operations()) {
            // AuthenticationHandler and RequestReader replace both, from the same contract; RequestReader explains why.
            builder.getRoute(operation.getOperationId())
                    .setDoSecurity(false)
                    .setDoValidation(false)
                    .addHandler(createHandler(operation, rateLimitHandler));
        }
        Router router = builder.createRouter();
        for (Route route : router.getRoutes()) {
            if (route.getMetadata(RouterBuilder.KEY_META_DATA_OPERATION) instanceof Operation operation) {
                methods(operation).forEach(route::method);
            }
        }
        return router;
    }

    /**
     * Returns the methods of an operation. A GET also serves HEAD (RFC 9110, section 9.3.2), unless its path has its own HEAD operation or
     * its response may stay open.
     */
    private Set<HttpMethod> methods(Operation operation) {
        boolean supportsHead = HttpMethod.GET.equals(operation.getHttpMethod())
                && !handlers.get(operation.getOperationId()).opensStream()
                && openApi.operations().stream()
                        .noneMatch(other -> HttpMethod.HEAD.equals(other.getHttpMethod())
                                && other.getOpenAPIPath().equals(operation.getOpenAPIPath()));
        return supportsHead ? Set.of(operation.getHttpMethod(), HttpMethod.HEAD) : Set.of(operation.getHttpMethod());
    }

    private Handler<RoutingContext> createHandler(Operation operation, RateLimitHandler rateLimitHandler) {
        OperationHandler handler = handlers.get(operation.getOperationId());
        String path = operation.getOpenAPIPath();
        RequestReader reader = new RequestReader(vertx, operation, limits, handler);
        AuthenticationHandler authenticationHandler = new AuthenticationHandler(operation, authServices);
        return context -> {
            RequestSpans.recordRoute(context, path);
            policy.checkOrigin(context.request(), handler.opensStream());
            authenticate(context, authenticationHandler, principal -> {
                identifyConnection(context, principal);
                rateLimitHandler.countRequest(principal, context.request());
                readAndHandle(context, principal, reader, handler, authenticationHandler);
            });
        };
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
}
