package dev.darkroom.api.web;

import dev.darkroom.api.body.RequestBodyLimits;
import dev.darkroom.api.body.RequestBodyReader;
import dev.darkroom.api.problem.Problem;
import dev.darkroom.api.route.RouteContributor;
import dev.darkroom.api.route.ServedPath;
import dev.darkroom.api.security.HostAndOriginPolicy;
import dev.darkroom.api.transport.RequestSpans;
import dev.darkroom.api.transport.ResponseWriter;
import dev.darkroom.http.HttpExchange;
import dev.darkroom.http.OutboundHttpClient;
import dev.darkroom.http.OutboundRequest;
import dev.darkroom.http.OutboundResponse;
import dev.darkroom.http.RequestTarget;
import dev.darkroom.http.ResponseLimits;
import dev.darkroom.http.ResponseMemory;
import dev.darkroom.http.egress.OutboundUrl;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Forwards the control paths of the simulator that the service runs: the fault script and the received submissions. Needs no authentication,
 * and must therefore be added only to a service for local use. Rejects changes by pages of other origins. Thread-safe.
 */
public final class SimulatorRoutes implements RouteContributor {
    private static final Logger LOG = LoggerFactory.getLogger(SimulatorRoutes.class);

    private static final Duration TIMEOUT = Duration.ofSeconds(10);
    private static final int MAX_HEADER_BYTES = 8 * 1024;
    private static final RequestBodyLimits SCRIPT_LIMITS = new RequestBodyLimits(256 * 1024, TIMEOUT);

    /** The log of the simulator has up to 10,000 submissions. */
    private static final ResponseLimits RESPONSE_LIMITS =
            new ResponseLimits(TIMEOUT, 16 << 20, ResponseMemory.UNLIMITED, true);

    private static final List<ServedPath> PATHS = List.of(
            new ServedPath(
                    "/simulator/script", Set.of(HttpMethod.GET, HttpMethod.HEAD, HttpMethod.PUT, HttpMethod.DELETE)),
            new ServedPath("/simulator/requests", Set.of(HttpMethod.GET, HttpMethod.HEAD, HttpMethod.DELETE)));

    private final Vertx vertx;
    private final OutboundHttpClient client;
    private final URI simulator;
    private final HostAndOriginPolicy policy;

    /**
     * @param simulator any URL of the simulator
     * @param policy origin checks
     */
    public SimulatorRoutes(Vertx vertx, URI simulator, HostAndOriginPolicy policy) {
        this.vertx = vertx;
        this.client = new OutboundHttpClient(vertx, TIMEOUT, MAX_HEADER_BYTES);
        this.simulator = simulator;
        this.policy = policy;
    }

    @Override
    public List<ServedPath> paths() {
        return PATHS;
    }

    @Override
    public void addRoutes(Router router) {
        PATHS.forEach(path -> router.route(path.template()).handler(context -> {
            RequestSpans.recordRoute(context, path.template());
            policy.checkOrigin(context.request(), false);
            HttpMethod method = context.request().method();
            Future<OutboundResponse> response = HttpMethod.PUT.equals(method)
                    ? RequestBodyReader.readRetained(vertx, context.request(), SCRIPT_LIMITS)
                            .compose(body -> forward(method, path, body.bytes())
                                    .onComplete(done -> body.release().run()))
                    // The response to a HEAD has the length of the response to a GET.
                    : forward(HttpMethod.HEAD.equals(method) ? HttpMethod.GET : method, path, null);
            response.onSuccess(received -> send(context, received)).onFailure(context::fail);
        }));
    }

    private Future<OutboundResponse> forward(HttpMethod method, ServedPath path, Buffer body) {
        RequestTarget target = RequestTarget.configured(OutboundUrl.of(simulator.resolve(path.template())));
        return client.send(
                        new HttpExchange(),
                        new OutboundRequest(method, target, MultiMap.caseInsensitiveMultiMap(), body),
                        RESPONSE_LIMITS)
                .recover(error -> {
                    LOG.atWarn().addKeyValue("reason", error.getMessage()).log("simulator request failed");
                    return Future.failedFuture(Problem.unavailable());
                });
    }

    private static void send(RoutingContext context, OutboundResponse received) {
        if (received.truncated()) {
            context.fail(Problem.unavailable());
            return;
        }
        context.response().setStatusCode(received.status());
        String mediaType = received.headers().get(HttpHeaders.CONTENT_TYPE);
        if (mediaType == null) {
            context.response().end();
            return;
        }
        context.response().putHeader(HttpHeaders.CONTENT_TYPE, mediaType);
        ResponseWriter.end(context.request(), Buffer.buffer(received.body().toBytes()));
    }
}
