package dev.darkroom.api.security;

import dev.darkroom.api.problem.Problem;
import io.vertx.core.Handler;
import io.vertx.ext.web.RoutingContext;

/** Refuses requests for another host, before anything else of them is read. */
public final class HostCheckHandler implements Handler<RoutingContext> {
    private final HostAndOriginPolicy policy;

    public HostCheckHandler(HostAndOriginPolicy policy) {
        this.policy = policy;
    }

    @Override
    public void handle(RoutingContext context) {
        try {
            policy.checkHost(context.request());
        } catch (Problem refused) {
            context.fail(refused);
            return;
        }
        context.next();
    }
}
