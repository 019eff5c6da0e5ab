package dev.darkroom.api;

import dev.darkroom.access.Access;
import dev.darkroom.access.Caller;
import dev.darkroom.inbound.UnsentAccount;
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
final class ContractRouter {
    private static final Logger LOG = LoggerFactory.getLogger(ContractRouter.class);

    private ContractRouter() {}

    /**
     * @param policy for requests of web pages
     * @param limits of bodies
     * @throws IllegalStateException when an operation has no handler or a handler no operation
     */
    static Router create(
            Vertx vertx,
            Contract contract,
            List<OperationHandler> handlers,
            Access access,
            BrowserPolicy policy,
            BodyLimits limits) {
        Throttle throttle = new Throttle(access);
        Set<String> streams = handlers.stream()
                .filter(OperationHandler::opensStream)
                .map(OperationHandler::operationId)
                .collect(Collectors.toSet());
        RouterBuilder builder = RouterBuilder.create(vertx, contract.parsed())
                .rootHandler(new RequestId())
                .rootHandler(new AccessLog())
                .rootHandler(new Manners())
                .rootHandler(new HostCheck(policy))
                .rootHandler(new Cors(policy.corsOrigins()))
                .rootHandler(new KnownPaths(contract.parsed(), streams));
        Set<String> unanswered = new HashSet<>(contract.operationIds());
        for (OperationHandler handler : handlers) {
            if (!unanswered.remove(handler.operationId())) {
                throw new IllegalStateException("the contract has no operation " + handler.operationId());
            }
            OpenAPIRoute route = builder.getRoute(handler.operationId());
            RequestReader reader =
                    new RequestReader(route.getOperation(), contract.parsed().getSchemaRepository(), limits);
            // Both are done by us, from the same contract; see RequestReader for why.
            Door door = new Door(route.getOperation(), access);
            route.setDoSecurity(false)
                    .setDoValidation(false)
                    .addHandler(ofKnownOrigin(
                            policy,
                            handler.opensStream(),
                            admitted(door, throttled(throttle, validated(reader, handler)))));
        }
        if (!unanswered.isEmpty()) {
            throw new IllegalStateException("no handler for " + unanswered);
        }
        Router router = builder.createRouter();
        router.getRoutes().stream()
                .filter(route -> route.getMetadata(RouterBuilder.KEY_META_DATA_OPERATION) instanceof Operation operation
                        && KnownPaths.answersHead(contract.parsed(), operation, streams))
                .forEach(route -> route.method(HttpMethod.HEAD));
        return withProblems(router);
    }

    private static Handler<RoutingContext> ofKnownOrigin(
            BrowserPolicy policy, boolean opensStream, Handler<RoutingContext> then) {
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

    private static Handler<RoutingContext> admitted(Door door, BiConsumer<RoutingContext, Caller> then) {
        return context -> {
            Future<Caller> caller = door.admit(context);
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

    private static BiConsumer<RoutingContext, Caller> throttled(
            Throttle throttle, BiConsumer<RoutingContext, Caller> then) {
        return (context, caller) -> {
            identify(context, caller);
            try {
                throttle.admit(caller, context.request());
            } catch (Problem tooOften) {
                context.fail(tooOften);
                return;
            }
            then.accept(context, caller);
        };
    }

    /** Where nobody has to present credentials every connection is anonymous. */
    private static void identify(RoutingContext context, Caller caller) {
        if (caller != null && Door.credential(context) != null) {
            UnsentAccount.of(context.request().connection()).identify(caller.user());
        }
    }

    private static BiConsumer<RoutingContext, Caller> validated(RequestReader reader, OperationHandler handler) {
        return (context, caller) -> reader.read(context, caller)
                .onSuccess(exchange -> {
                    try {
                        handler.handle(exchange);
                    } catch (RuntimeException bug) {
                        // After a body has arrived the router is no longer there to catch it.
                        context.fail(bug);
                    }
                })
                .onFailure(failure -> {
                    if (failure instanceof HttpClosedException) {
                        LOG.atDebug()
                                .addKeyValue("request", RequestId.of(context))
                                .log("the caller left before its request was whole");
                    } else {
                        context.fail(failure);
                    }
                });
    }

    /** Whatever the router refuses on its own account becomes a problem document too. */
    private static Router withProblems(Router router) {
        ProblemHandler problems = new ProblemHandler();
        for (int status = 400; status < 600; status++) {
            int known = status;
            router.errorHandler(status, context -> problems.handle(context, known));
        }
        return router;
    }
}
