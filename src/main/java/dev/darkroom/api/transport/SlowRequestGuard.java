package dev.darkroom.api.transport;

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
public final class SlowRequestGuard {
    private static final long CHECK_INTERVAL_MS = 500;

    private final Map<HttpConnection, ConnectionState> connections = new HashMap<>();
    private final Duration firstRequestTimeout;
    private final Duration keepAliveTimeout;

    private static final class ConnectionState {
        private long idleSince = System.nanoTime();
        private int activeRequests;
        private boolean receivedRequest;
    }

    /**
     * @param first how long the first request may take to arrive, and each head from its first byte
     * @param next how long the next one may let itself be waited for
     */
    public SlowRequestGuard(Vertx vertx, Duration first, Duration next) {
        this.firstRequestTimeout = first;
        this.keepAliveTimeout = next;
        vertx.setPeriodic(CHECK_INTERVAL_MS, timer -> closeExpired());
    }

    /** Looks after a new connection. */
    public void watch(HttpConnection connection) {
        connections.put(connection, new ConnectionState());
        RequestHeadTimeout.watchConnected(connection, firstRequestTimeout);
        connection.closeHandler(closed -> connections.remove(connection));
    }

    /** The same handler, for requests that have arrived. */
    public Handler<HttpServerRequest> trackRequests(Handler<HttpServerRequest> then) {
        return request -> {
            ConnectionState connectionState = connections.get(request.connection());
            if (connectionState != null) {
                connectionState.receivedRequest = true;
                connectionState.activeRequests++;
                request.response().endHandler(answered -> {
                    connectionState.activeRequests--;
                    connectionState.idleSince = System.nanoTime();
                });
            }
            then.handle(request);
        };
    }

    private void closeExpired() {
        long now = System.nanoTime();
        connections.forEach((connection, connectionState) -> {
            if (connectionState.activeRequests == 0
                    && now - connectionState.idleSince
                            > (connectionState.receivedRequest ? keepAliveTimeout : firstRequestTimeout).toNanos()) {
                connection.close();
            }
        });
    }
}
