package dev.darkroom.api.security;

import dev.darkroom.api.problem.Problem;
import io.vertx.core.Handler;
import io.vertx.ext.web.RoutingContext;

/** Rejects requests for a host that the policy does not accept, before all other checks. */
public final class HostCheckHandler implements Handler<RoutingContext> {
    private final HostAndOriginPolicy policy;

    public HostCheckHandler(HostAndOriginPolicy policy) {
        this.policy = policy;
    }

    @Override
    public void handle(RoutingContext context) {
        try {
            policy.checkHost(context.request());
        } catch (Problem problem) {
            context.fail(problem);
            return;
        }
        context.next();
    }
}
