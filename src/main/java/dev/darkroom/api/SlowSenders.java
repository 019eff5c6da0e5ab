package dev.darkroom.api;

import dev.darkroom.inbound.RequestHeadTimeout;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServerRequest;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/**
 * Cuts off connections that send requests without ever getting to the end of their heads, a byte now and then: what moves is not
 * idle, so the idle timeout does not see them. For the event loop of one server.
 */
final class SlowSenders {
    private static final long LOOK_MS = 500;

    private final Map<HttpConnection, State> connections = new HashMap<>();
    private final Duration first;
    private final Duration next;

    private static final class State {
        private long since = System.nanoTime();
        private int underWay;
        private boolean asked;
    }

    /**
     * @param first how long the first request may take to arrive, and each head from its first byte
     * @param next how long the next one may let itself be waited for
     */
    SlowSenders(Vertx vertx, Duration first, Duration next) {
        this.first = first;
        this.next = next;
        vertx.setPeriodic(LOOK_MS, timer -> look());
    }

    /** Looks after a new connection. */
    void watch(HttpConnection connection) {
        connections.put(connection, new State());
        RequestHeadTimeout.connected(connection, first);
        connection.closeHandler(closed -> connections.remove(connection));
    }

    /** The same handler, for requests that have arrived. */
    Handler<HttpServerRequest> arrived(Handler<HttpServerRequest> then) {
        return request -> {
            State state = connections.get(request.connection());
            if (state != null) {
                state.asked = true;
                state.underWay++;
                request.response().endHandler(answered -> {
                    state.underWay--;
                    state.since = System.nanoTime();
                });
            }
            then.handle(request);
        };
    }

    private void look() {
        long now = System.nanoTime();
        connections.forEach((connection, state) -> {
            if (state.underWay == 0 && now - state.since > (state.asked ? next : first).toNanos()) {
                connection.close();
            }
        });
    }
}
