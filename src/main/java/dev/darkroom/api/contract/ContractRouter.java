package dev.darkroom.api.contract;

import dev.darkroom.api.problem.Problem;
import dev.darkroom.api.security.AuthenticationHandler;
import dev.darkroom.api.security.CorsPolicyHandler;
import dev.darkroom.api.security.HostAndOriginPolicy;
import dev.darkroom.api.security.HostCheckHandler;
import dev.darkroom.api.security.RateLimitHandler;
import dev.darkroom.api.security.SecurityHeadersHandler;
import dev.darkroom.api.transport.AccessLogHandler;
import dev.darkroom.api.transport.RequestBodyLimits;
import dev.darkroom.api.transport.RequestIdHandler;
import dev.darkroom.api.transport.UnsentByteTracker;
import dev.darkroom.auth.AuthServices;
import dev.darkroom.auth.Principal;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClosedException;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.openapi.router.OpenAPIRoute;
import io.vertx.ext.web.openapi.router.RouterBuilder;
import io.vertx.openapi.contract.Operation;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A router that answers exactly the operations of a contract. */
public final class ContractRouter {
    private static final Logger LOG = LoggerFactory.getLogger(ContractRouter.class);

    private ContractRouter() {}

    /**
     * @param policy for requests of web pages
     * @param limits of bodies
     * @throws IllegalStateException when an operation has no handler or a handler no operation
     */
    public static Router create(
            Vertx vertx,
            ApiContract apiContract,
            List<OperationHandler> handlers,
            AuthServices authServices,
            HostAndOriginPolicy policy,
            RequestBodyLimits limits) {
        RateLimitHandler rateLimitHandler = new RateLimitHandler(authServices);
        Set<String> streams = handlers.stream()
                .filter(OperationHandler::opensStream)
                .map(OperationHandler::operationId)
                .collect(Collectors.toSet());
        RouterBuilder builder = RouterBuilder.create(vertx, apiContract.openApi())
                .rootHandler(new RequestIdHandler())
                .rootHandler(new AccessLogHandler())
                .rootHandler(new SecurityHeadersHandler())
                .rootHandler(new HostCheckHandler(policy))
                .rootHandler(new CorsPolicyHandler(policy.corsOrigins()))
                .rootHandler(new StrictPathHandler(apiContract.openApi(), streams));
        Set<String> unanswered = new HashSet<>(apiContract.operationIds());
        for (OperationHandler handler : handlers) {
            if (!unanswered.remove(handler.operationId())) {
                throw new IllegalStateException("the contract has no operation " + handler.operationId());
            }
            OpenAPIRoute route = builder.getRoute(handler.operationId());
            RequestReader reader = new RequestReader(
                    route.getOperation(), apiContract.openApi().getSchemaRepository(), limits);
            // Both are done by us, from the same contract; see RequestReader for why.
            AuthenticationHandler authenticationHandler = new AuthenticationHandler(route.getOperation(), authServices);
            route.setDoSecurity(false)
                    .setDoValidation(false)
                    .addHandler(checkOrigin(
                            policy,
                            handler.opensStream(),
                            authenticate(
                                    authenticationHandler, limitRate(rateLimitHandler, validate(reader, handler)))));
        }
        if (!unanswered.isEmpty()) {
            throw new IllegalStateException("no handler for " + unanswered);
        }
        Router router = builder.createRouter();
        router.getRoutes().stream()
                .filter(route -> route.getMetadata(RouterBuilder.KEY_META_DATA_OPERATION) instanceof Operation operation
                        && StrictPathHandler.supportsHead(apiContract.openApi(), operation, streams))
                .forEach(route -> route.method(HttpMethod.HEAD));
        return addErrorHandlers(router);
    }

    private static Handler<RoutingContext> checkOrigin(
            HostAndOriginPolicy policy, boolean opensStream, Handler<RoutingContext> then) {
        return context -> {
            try {
                policy.checkOrigin(context.request(), opensStream);
            } catch (Problem foreign) {
                context.fail(foreign);
                return;
            }
            then.handle(context);
        };
    }

    private static Handler<RoutingContext> authenticate(
            AuthenticationHandler authenticationHandler, BiConsumer<RoutingContext, Principal> then) {
        return context -> {
            Future<Principal> caller = authenticationHandler.authenticate(context);
            if (caller.succeeded()) {
                then.accept(context, caller.result());
                return;
            }
            // Until we know, its body waits with its sender.
            context.request().pause();
            caller.onComplete(known -> {
                if (known.failed()) {
                    context.request().resume();
                    context.fail(known.cause());
                    return;
                }
                try {
                    then.accept(context, known.result());
                } catch (RuntimeException bug) {
                    context.fail(bug);
                }
                context.request().resume();
            });
        };
    }

    private static BiConsumer<RoutingContext, Principal> limitRate(
            RateLimitHandler rateLimitHandler, BiConsumer<RoutingContext, Principal> then) {
        return (context, principal) -> {
            identifyConnection(context, principal);
            try {
                rateLimitHandler.countRequest(principal, context.request());
            } catch (Problem tooOften) {
                context.fail(tooOften);
                return;
            }
            then.accept(context, principal);
        };
    }

    /** Where nobody has to present credentials every connection is anonymous. */
    private static void identifyConnection(RoutingContext context, Principal principal) {
        if (principal != null && AuthenticationHandler.credential(context) != null) {
            UnsentByteTracker.of(context.request().connection()).identify(principal.user());
        }
    }

    private static BiConsumer<RoutingContext, Principal> validate(RequestReader reader, OperationHandler handler) {
        return (context, principal) -> reader.read(context, principal)
                .onSuccess(operationContext -> {
                    try {
                        handler.handle(operationContext);
                    } catch (RuntimeException bug) {
                        // After a body has arrived the router is no longer there to catch it.
                        context.fail(bug);
                    }
                })
                .onFailure(failure -> {
                    if (failure instanceof HttpClosedException) {
                        LOG.atDebug()
                                .addKeyValue("request", RequestIdHandler.of(context))
                                .log("the caller left before its request was whole");
                    } else {
                        context.fail(failure);
                    }
                });
    }

    /** Whatever the router refuses on its own account becomes a problem document too. */
    private static Router addErrorHandlers(Router router) {
        ProblemHandler problems = new ProblemHandler();
        for (int status = 400; status < 600; status++) {
            int known = status;
            router.errorHandler(status, context -> problems.handle(context, known));
        }
        return router;
    }
}
