package dev.darkroom.testing;

import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Webhook receiver on the loopback address. Each path responds as its script defines and repeats the last step. The default
 * response is 204.
 */
public final class WebhookReceiver implements AutoCloseable {
    private static final int NO_RESPONSE = -1;
    private static final int SLOW_BODY = -2;
    private static final int CLOSE_CONNECTION = -3;
    private static final int OVERSIZED_BODY = -4;

    private final Vertx vertx = Vertx.vertx();
    private final HttpServer server;
    private final Map<String, List<ResponseStep>> scripts = new ConcurrentHashMap<>();
    private final Map<String, AtomicInteger> steps = new ConcurrentHashMap<>();
    private final Map<String, AtomicInteger> open = new ConcurrentHashMap<>();
    private final Map<String, AtomicInteger> maxOpen = new ConcurrentHashMap<>();
    private final List<ReceivedRequest> receivedRequests = new CopyOnWriteArrayList<>();

    /**
     * Response to one request.
     *
     * @param retryAfter value of {@code Retry-After}; null for none
     */
    public record ResponseStep(int status, String retryAfter) {
        /** Reads the request and never responds. */
        public static ResponseStep noResponse() {
            return new ResponseStep(NO_RESPONSE, null);
        }

        /** Responds 200 with an endless body, one byte every 50 ms. */
        public static ResponseStep slowBody() {
            return new ResponseStep(SLOW_BODY, null);
        }

        /** Closes the connection without a response. */
        public static ResponseStep closeConnection() {
            return new ResponseStep(CLOSE_CONNECTION, null);
        }

        /** Responds 200 with an endless body at full speed. */
        public static ResponseStep oversizedBody() {
            return new ResponseStep(OVERSIZED_BODY, null);
        }

        public static ResponseStep withStatus(int status) {
            return new ResponseStep(status, null);
        }
    }

    /**
     * A received request.
     *
     * @param headers by lower-case name
     */
    public record ReceivedRequest(String path, Map<String, String> headers, String body) {

        public String id() {
            return headers.get("webhook-id");
        }

        public JsonObject json() {
            return new JsonObject(body);
        }
    }

    public WebhookReceiver() {
        this(new HttpServerOptions());
    }

    /** Starts a receiver with server options, such as TLS. */
    public WebhookReceiver(HttpServerOptions options) {
        server = vertx.createHttpServer(options).requestHandler(this::onRequest);
        try {
            server.listen(0, "127.0.0.1")
                    .toCompletionStage()
                    .toCompletableFuture()
                    .get(60, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    public int port() {
        return server.actualPort();
    }

    /** Returns the http URL of a path. */
    public String url(String path) {
        return URI.create("http://127.0.0.1:" + port() + path).toString();
    }

    public void script(String path, ResponseStep... script) {
        scripts.put(path, List.of(script));
        steps.put(path, new AtomicInteger());
    }

    /** Returns the requests to a path in order of arrival. */
    public List<ReceivedRequest> receivedRequests(String path) {
        return receivedRequests.stream()
                .filter(request -> request.path().equals(path))
                .toList();
    }

    /** Returns the maximum number of concurrent requests to a path. */
    public int maxConcurrentRequests(String path) {
        return maxOpen.getOrDefault(path, new AtomicInteger()).get();
    }

    private void onRequest(HttpServerRequest request) {
        String path = request.path();
        int now = open.computeIfAbsent(path, p -> new AtomicInteger()).incrementAndGet();
        maxOpen.computeIfAbsent(path, p -> new AtomicInteger()).accumulateAndGet(now, Math::max);
        request.connection().closeHandler(v -> {});
        request.response().closeHandler(v -> open.get(path).decrementAndGet());
        request.response().endHandler(v -> open.get(path).decrementAndGet());
        request.body().onSuccess(body -> respond(request, path, body));
    }

    private void respond(HttpServerRequest request, String path, Buffer body) {
        Map<String, String> headers = new ConcurrentHashMap<>();
        request.headers()
                .forEach(header -> headers.put(header.getKey().toLowerCase(java.util.Locale.ROOT), header.getValue()));
        receivedRequests.add(new ReceivedRequest(path, headers, body.toString()));
        List<ResponseStep> script = scripts.getOrDefault(path, List.of(ResponseStep.withStatus(204)));
        int index = steps.computeIfAbsent(path, p -> new AtomicInteger()).getAndIncrement();
        ResponseStep responseStep = script.get(Math.min(index, script.size() - 1));
        HttpServerResponse response = request.response();
        switch (responseStep.status()) {
            case NO_RESPONSE -> {
                // Never responds.
            }
            case CLOSE_CONNECTION -> request.connection().close();
            case OVERSIZED_BODY -> {
                response.setChunked(true);
                writeEndlessly(response, Buffer.buffer(new byte[16 * 1024]));
            }
            case SLOW_BODY -> {
                response.setChunked(true).setStatusCode(200).write("a");
                vertx.setPeriodic(50, timer -> response.write("a").onFailure(gone -> vertx.cancelTimer(timer)));
            }
            default -> {
                if (responseStep.retryAfter() != null) {
                    response.putHeader("Retry-After", responseStep.retryAfter());
                }
                if (responseStep.status() / 100 == 3) {
                    response.putHeader("Location", url("/elsewhere"));
                }
                response.setStatusCode(responseStep.status()).end();
            }
        }
    }

    private static void writeEndlessly(HttpServerResponse response, Buffer part) {
        response.write(part).onSuccess(more -> writeEndlessly(response, part));
    }

    @Override
    public void close() {
        try {
            vertx.close().toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}
