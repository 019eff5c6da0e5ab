package dev.darkroom.simulator;

import io.vertx.core.buffer.Buffer;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;

/** {@code /simulator/script}: the faults to come. A script that is refused leaves the one before in place. */
final class ScriptRoutes {
    private static final String PATH = "/simulator/script";

    private final Script script;

    ScriptRoutes(Script script) {
        this.script = script;
    }

    void mount(Router router) {
        router.get(PATH).handler(context -> context.json(script.toJson()));
        router.put(PATH).handler(this::put);
        router.delete(PATH).handler(context -> {
            script.clear();
            context.response().setStatusCode(204).end();
        });
    }

    private void put(RoutingContext context) {
        Wire wire = new Wire(context);
        Bodies.read(context.request())
                .map(this::replace)
                .onComplete(replaced -> wire.json(200, script.toJson()), cause -> {
                    if (cause instanceof BadRequestException e) {
                        wire.json(e.status(), ApiError.of(e.getMessage(), "invalid_request_error", e.param(), null));
                    }
                });
    }

    private Script replace(Buffer body) {
        script.replace(FaultParser.script(Bodies.object(body)));
        return script;
    }
}
