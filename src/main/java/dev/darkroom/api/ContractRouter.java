package dev.darkroom.api;

import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.BodyHandler;
import io.vertx.ext.web.openapi.router.OpenAPIRoute;
import io.vertx.ext.web.openapi.router.RequestExtractor;
import io.vertx.ext.web.openapi.router.RouterBuilder;
import io.vertx.openapi.contract.Operation;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** A router that answers exactly the operations of a contract. */
final class ContractRouter {
    private ContractRouter() {}

    /**
     * @param maxBodyBytes larger bodies are refused unread
     * @throws IllegalStateException when an operation has no handler or a handler no operation
     */
    static Router create(Vertx vertx, Contract contract, List<OperationHandler> handlers, int maxBodyBytes) {
        Handler<RoutingContext> problems = new ProblemHandler(contract, maxBodyBytes);
        RouterBuilder builder = RouterBuilder.create(vertx, contract.parsed(), RequestExtractor.withBodyHandler());
        builder.rootHandler(BodyHandler.create(false).setBodyLimit(maxBodyBytes));
        Set<String> unanswered = new HashSet<>(contract.operationIds());
        for (OperationHandler handler : handlers) {
            if (!unanswered.remove(handler.operationId())) {
                throw new IllegalStateException("the contract has no operation " + handler.operationId());
            }
            OpenAPIRoute route = builder.getRoute(handler.operationId());
            // Validated by us, from the same contract; see RequestReader for why.
            route.setDoValidation(false).addHandler(validated(contract, route.getOperation(), handler));
        }
        if (!unanswered.isEmpty()) {
            throw new IllegalStateException("no handler for " + unanswered);
        }
        Router router = Router.router(vertx);
        router.route().handler(new RequestId()).handler(new AccessLog());
        router.route("/*").subRouter(withProblems(builder.createRouter(), problems));
        return withProblems(router, problems);
    }

    private static Handler<RoutingContext> validated(Contract contract, Operation operation, OperationHandler handler) {
        RequestReader reader = new RequestReader(operation, contract.parsed().getSchemaRepository());
        return context -> {
            Exchange exchange;
            try {
                exchange = reader.read(context);
            } catch (Problem problem) {
                context.fail(problem);
                return;
            }
            handler.handle(exchange);
        };
    }

    private static Router withProblems(Router router, Handler<RoutingContext> problems) {
        for (int status : new int[] {400, 404, 405, 406, 413, 415, 500, 501, 503}) {
            router.errorHandler(status, problems);
        }
        return router;
    }
}
