package dev.darkroom.telemetry.vertx;

import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.http.ServerWebSocket;
import io.vertx.core.net.SocketAddress;
import io.vertx.core.spi.metrics.HttpServerMetrics;
import io.vertx.core.spi.observability.HttpRequest;
import io.vertx.core.spi.observability.HttpResponse;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Meters of the HTTP servers of a process, by their roles. Thread-safe. */
final class HttpServerMeters {
    private final MeterRegistry registry;
    private final HttpServerRoles roles;
    private final Map<String, HttpRoleMeters> byRole = new ConcurrentHashMap<>();

    HttpServerMeters(MeterRegistry registry, HttpServerRoles roles) {
        this.registry = registry;
        this.roles = roles;
    }

    HttpServerMetrics<?, ?, ?> forPort(int port) {
        return new PortMetrics(port);
    }

    /** A request; confined to its event loop. */
    private static final class Request {
        private final HttpRoleMeters meters;
        private final int method;
        private final long startedAt = System.nanoTime();
        private String route = "";
        private boolean received;
        private boolean responded;
        private boolean ended;

        Request(HttpRoleMeters meters, int method) {
            this.meters = meters;
            this.method = method;
        }

        /** Ends the request when both sides are complete, or now. */
        void end(boolean now) {
            if (!ended && (now || received && responded)) {
                ended = true;
                meters.active(method).decrement();
            }
        }
    }

    /** Metrics of the server on one port. The metrics of connections and requests are null while the server has no role. */
    private final class PortMetrics implements HttpServerMetrics<Request, Void, HttpRoleMeters> {
        private final int port;
        private volatile HttpRoleMeters meters;

        PortMetrics(int port) {
            this.port = port;
        }

        private HttpRoleMeters meters() {
            if (meters == null) {
                meters = roles.find(port)
                        .map(role -> byRole.computeIfAbsent(role, name -> new HttpRoleMeters(registry, name)))
                        .orElse(null);
            }
            return meters;
        }

        @Override
        public HttpRoleMeters connected(SocketAddress remoteAddress, String remoteName) {
            HttpRoleMeters current = meters();
            if (current != null) {
                current.connections().increment();
            }
            return current;
        }

        @Override
        public void disconnected(HttpRoleMeters connection, SocketAddress remoteAddress) {
            if (connection != null) {
                connection.connections().decrement();
            }
        }

        @Override
        public void bytesRead(HttpRoleMeters connection, SocketAddress remoteAddress, long bytes) {
            if (connection != null) {
                connection.bytesRead().increment(bytes);
            }
        }

        @Override
        public void bytesWritten(HttpRoleMeters connection, SocketAddress remoteAddress, long bytes) {
            if (connection != null) {
                connection.bytesWritten().increment(bytes);
            }
        }

        @Override
        public Request requestBegin(HttpRoleMeters connection, HttpRequest request) {
            HttpRoleMeters current = meters();
            if (current == null) {
                return null;
            }
            int method = HttpRoleMeters.indexOf(request.method());
            current.active(method).increment();
            return new Request(current, method);
        }

        @Override
        public void requestRouted(Request request, String route) {
            if (request != null && route != null) {
                request.route = route;
            }
        }

        @Override
        public void requestEnd(Request request, HttpRequest head, long bytes) {
            if (request != null) {
                request.received = true;
                request.end(false);
            }
        }

        @Override
        public void responseEnd(Request request, HttpResponse response, long bytes) {
            if (request != null) {
                request.meters.record(
                        request.route, request.method, response.statusCode(), System.nanoTime() - request.startedAt);
                request.responded = true;
                request.end(false);
            }
        }

        @Override
        public void requestReset(Request request) {
            if (request != null) {
                request.meters.countReset(request.method);
                request.end(true);
            }
        }

        /** The request of a WebSocket ends with its upgrade. */
        @Override
        public Void connected(HttpRoleMeters connection, Request request, ServerWebSocket socket) {
            if (request != null) {
                request.end(true);
            }
            return null;
        }
    }
}
