package dev.darkroom.backend.comfyui;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.simulator.comfyui.ComfyUiSimulatorRoutes;
import dev.darkroom.simulator.fault.FaultScript;
import dev.darkroom.simulator.fault.FaultScriptRoutes;
import dev.darkroom.simulator.http.SimulatorRequestLog;
import dev.darkroom.simulator.image.SimulatorImageRenderer;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import java.io.IOException;
import java.net.BindException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.awaitility.Awaitility;

/**
 * The simulator's ComfyUI on a socket of its own. Records all requests. Routes of a test come before those of the simulator, so that a
 * test can replace a part of the server. The methods block.
 */
final class ComfyUiTestServer {
    private static final String FORWARDED = "X-Forwarded-Prompt";

    private final HttpClient http = HttpClient.newHttpClient();
    private final Vertx vertx;
    private final Duration latency;
    private final Consumer<Router> overrides;
    private final List<ReceivedRequest> received = new CopyOnWriteArrayList<>();
    private HttpServer server;
    private int port;

    /** @param line method and path, such as {@code GET /queue} */
    record ReceivedRequest(String line, String query, MultiMap headers) {}

    private ComfyUiTestServer(Vertx vertx, Duration latency, Consumer<Router> overrides) {
        this.vertx = vertx;
        this.latency = latency;
        this.overrides = overrides;
    }

    /** @param latency duration of a job */
    static ComfyUiTestServer start(Vertx vertx, Duration latency, Consumer<Router> overrides) {
        ComfyUiTestServer server = new ComfyUiTestServer(vertx, latency, overrides);
        server.listen();
        return server;
    }

    private void listen() {
        Router router = Router.router(vertx);
        router.route().handler(context -> {
            received.add(new ReceivedRequest(
                    context.request().method() + " " + context.request().path(),
                    context.request().query(),
                    MultiMap.caseInsensitiveMultiMap().addAll(context.request().headers())));
            context.next();
        });
        overrides.accept(router);
        FaultScript faultScript = new FaultScript();
        SimulatorRequestLog log = new SimulatorRequestLog(Clock.systemUTC());
        ComfyUiSimulatorRoutes.mount(
                vertx,
                router,
                faultScript,
                log,
                latency,
                new SimulatorImageRenderer(vertx.createSharedWorkerExecutor("test-rendering", 2), () -> ""));
        FaultScriptRoutes.mount(router, faultScript);
        router.get("/simulator/requests").handler(context -> context.json(log.toJson()));
        server = result(vertx.createHttpServer().requestHandler(router).listen(port, "127.0.0.1"));
        port = server.actualPort();
    }

    /** Stops the server. Its jobs are lost. */
    void stop() {
        result(server.close());
    }

    /** Starts the stopped server on the same port, as soon as no connection of another test uses the port. */
    void restart() {
        Awaitility.await("the port is free")
                .atMost(Duration.ofSeconds(60))
                .ignoreExceptionsMatching(error -> error.toString().contains(BindException.class.getName()))
                .until(() -> {
                    listen();
                    return true;
                });
    }

    URI base() {
        return URI.create("http://127.0.0.1:" + port);
    }

    /** Sets the faults of the next submissions, one step each. */
    void script(String... steps) {
        JsonArray list = new JsonArray();
        List.of(steps).forEach(step -> list.add(new JsonObject(step)));
        assertThat(send("PUT", "/simulator/script", new JsonObject().put("steps", list))
                        .statusCode())
                .isEqualTo(200);
    }

    /** Returns the submissions in order of arrival. */
    List<JsonObject> submissions() {
        return new JsonObject(send("GET", "/simulator/requests", null).body())
                .getJsonArray("requests").stream().map(JsonObject.class::cast).toList();
    }

    /** Returns the received requests with a method and path. */
    List<ReceivedRequest> requests(String line) {
        return received.stream().filter(request -> request.line().equals(line)).toList();
    }

    /** Returns all received requests. */
    List<ReceivedRequest> requests() {
        return received;
    }

    /** Submits a job as another client, and returns its id. */
    String submitForeignJob() {
        JsonObject workflow = new JsonObject("""
                {"1": {"class_type": "EmptyImage", "inputs": {"width": 64, "height": 64, "batch_size": 1, "color": 255}},
                 "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "foreign"}}}""");
        return new JsonObject(send("POST", "/prompt", new JsonObject().put("prompt", workflow))
                        .body())
                .getString("prompt_id");
    }

    /** Adds a route that changes each submission before the simulator gets it, and each answer of the simulator. */
    static void forwardPrompts(
            Router router, UnaryOperator<JsonObject> changeSubmission, UnaryOperator<Buffer> changeAnswer) {
        router.post("/prompt").handler(context -> {
            if (context.request().headers().contains(FORWARDED)) {
                context.next();
                return;
            }
            io.vertx.core.http.HttpClient client = context.vertx().createHttpClient();
            context.request()
                    .body()
                    .compose(body -> client.request(
                                    HttpMethod.POST,
                                    context.request().localAddress().port(),
                                    "127.0.0.1",
                                    "/prompt")
                            .compose(request -> request.putHeader(FORWARDED, "1")
                                    .send(changeSubmission
                                            .apply(new JsonObject(body))
                                            .toBuffer())))
                    .compose(HttpClientResponse::body)
                    .onSuccess(answer -> context.end(changeAnswer.apply(answer)))
                    .onFailure(context::fail);
        });
    }

    HttpResponse<String> send(String method, String path, JsonObject body) {
        HttpRequest request = HttpRequest.newBuilder(base().resolve(path))
                .method(
                        method,
                        body == null
                                ? HttpRequest.BodyPublishers.noBody()
                                : HttpRequest.BodyPublishers.ofString(body.encode()))
                .build();
        try {
            return http.send(request, HttpResponse.BodyHandlers.ofString());
        } catch (IOException e) {
            throw new IllegalStateException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    static <T> T result(Future<T> future) {
        try {
            return future.toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}
