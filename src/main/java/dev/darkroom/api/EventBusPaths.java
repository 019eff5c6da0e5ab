package dev.darkroom.api;

import dev.darkroom.access.Access;
import dev.darkroom.access.Caller;
import io.vertx.core.Future;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.regex.Pattern;

/**
 * The paths of SockJS, which are no operations of the contract: SockJS is a protocol of its own, and what is said there is described
 * in {@code docs/asyncapi.yaml}. Whoever comes this way meets the same door as everywhere, before anything else.
 */
final class EventBusPaths {
    /** What all of them begin with. */
    static final String PREFIX = "/eventbus";

    /** To the letter, as {@link KnownPaths} wants it: the greeting of SockJS, and a WebSocket with its framing or without. */
    private static final Pattern KNOWN =
            Pattern.compile(PREFIX + "/(info|websocket|[\\w-]{1,64}/[\\w-]{1,64}/websocket)");

    /** Before the contract, which knows none of this. */
    private static final int FIRST = -2;

    private final Door door;
    private final Throttle throttle;
    private final BrowserPolicy policy;

    /** @param policy names the origins whose pages may connect; programs that are no pages have none */
    EventBusPaths(Access access, BrowserPolicy policy) {
        this.door = new Door(access);
        this.throttle = new Throttle(access);
        this.policy = policy;
    }

    /** Serves {@code bridge} there. */
    void mount(Router router, Router bridge) {
        router.route(PREFIX + "/*")
                .order(FIRST)
                .handler(new RequestId())
                .handler(new AccessLog())
                .handler(new Manners())
                .handler(new HostCheck(policy))
                .handler(this::origin)
                .handler(new Cors(policy.corsOrigins()))
                .handler(this::known)
                .handler(this::admit);
        router.route(PREFIX + "/*").order(FIRST + 1).subRouter(bridge);
    }

    /** No browser asks before it opens a WebSocket, and none keeps from a page what it says: so who may not is turned away here. */
    private void origin(RoutingContext context) {
        String origin = context.request().getHeader(HttpHeaders.ORIGIN);
        if (origin != null && !policy.allows(origin)) {
            context.fail(Problem.originNotAllowed());
            return;
        }
        try {
            policy.checkOrigin(context.request(), true);
        } catch (Problem foreign) {
            context.fail(foreign);
            return;
        }
        context.next();
    }

    private void known(RoutingContext context) {
        String path = context.request().path();
        if (!KNOWN.matcher(path).matches()) {
            context.fail(Problem.unknownPath());
        } else if (!HttpMethod.GET.equals(context.request().method())) {
            context.fail(Problem.methodNotAllowed(context.request().method().name(), HttpMethod.GET.name()));
        } else if (!path.endsWith("/info") && !context.request().canUpgradeToWebSocket()) {
            context.fail(Problem.invalid("Upgrade", "expected websocket"));
        } else {
            context.next();
        }
    }

    private void admit(RoutingContext context) {
        Future<Caller> caller = door.admit(context);
        if (caller.succeeded()) {
            admitted(context, caller.result());
            return;
        }
        // Until we know, what follows the handshake waits with its sender.
        context.request().pause();
        caller.onComplete(known -> {
            if (known.succeeded()) {
                admitted(context, known.result());
            } else {
                context.fail(known.cause());
            }
            context.request().resume();
        });
    }

    private void admitted(RoutingContext context, Caller caller) {
        ContractRouter.identify(context, caller);
        try {
            throttle.admit(caller, context.request());
        } catch (Problem tooOften) {
            context.fail(tooOften);
            return;
        }
        context.next();
    }
}
