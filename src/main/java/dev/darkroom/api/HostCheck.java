package dev.darkroom.api;

import io.vertx.core.Handler;
import io.vertx.ext.web.RoutingContext;

/** Refuses requests for another host, before anything else of them is read. */
final class HostCheck implements Handler<RoutingContext> {
    private final BrowserPolicy policy;

    HostCheck(BrowserPolicy policy) {
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
