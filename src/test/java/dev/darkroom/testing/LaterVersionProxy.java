package dev.darkroom.testing;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;

/**
 * Proxy that simulates a later version of the service. Adds an undocumented field to every JSON object of a response, except in
 * {@code metadata}. The contract allows additional fields, so clients must ignore them.
 *
 * <p>The AI server does not respond to prompts that contain "cancelled". The proxy forwards the response to such a request after
 * the submission, so that the client sees the generation as PENDING on slow machines too.
 */
public final class LaterVersionProxy implements AutoCloseable {
    private static final Set<String> NOT_FORWARDED =
            Set.of("connection", "content-length", "host", "transfer-encoding", "upgrade");

    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final AtomicInteger extendedCount = new AtomicInteger();
    private final URI service;
    private final InProcessSimulator inProcessSimulator;
    private final HttpServer server;

    /** Starts on a free port of the loopback address. */
    public LaterVersionProxy(URI service, InProcessSimulator inProcessSimulator) throws IOException {
        this.service = service;
        this.inProcessSimulator = inProcessSimulator;
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/", this::forward);
        server.start();
    }

    public URI api() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    }

    /** Returns the number of responses with an added field. */
    public int extendedCount() {
        return extendedCount.get();
    }

    private void forward(HttpExchange exchange) throws IOException {
        try (exchange) {
            byte[] request = exchange.getRequestBody().readAllBytes();
            boolean held = new String(request, java.nio.charset.StandardCharsets.UTF_8).contains("cancelled");
            if (held) {
                inProcessSimulator.script(new JsonObject().put("hang", true));
            }
            HttpResponse<byte[]> response = http.send(forwarded(exchange, request), BodyHandlers.ofByteArray());
            byte[] body = response.body();
            String type = response.headers().firstValue("Content-Type").orElse("");
            if (type.endsWith("json")) {
                JsonObject json = new JsonObject(new String(body, java.nio.charset.StandardCharsets.UTF_8));
                if (held) {
                    awaitSubmission(json.getString("id"));
                }
                body = addUnknownFields(json).toBuffer().getBytes();
                extendedCount.incrementAndGet();
            }
            response.headers().map().forEach((name, values) -> {
                if (!NOT_FORWARDED.contains(name.toLowerCase(java.util.Locale.ROOT))) {
                    exchange.getResponseHeaders().put(name, List.copyOf(values));
                }
            });
            exchange.sendResponseHeaders(response.statusCode(), body.length == 0 ? -1 : body.length);
            exchange.getResponseBody().write(body);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private HttpRequest forwarded(HttpExchange exchange, byte[] body) {
        HttpRequest.Builder request = HttpRequest.newBuilder(
                        service.resolve(exchange.getRequestURI().toString()))
                .method(
                        exchange.getRequestMethod(),
                        body.length == 0 ? BodyPublishers.noBody() : BodyPublishers.ofByteArray(body));
        exchange.getRequestHeaders().forEach((name, values) -> {
            if (!NOT_FORWARDED.contains(name.toLowerCase(java.util.Locale.ROOT))) {
                values.forEach(value -> request.header(name, value));
            }
        });
        return request.build();
    }

    private void awaitSubmission(String generationId) {
        Awaitility.await("submission of " + generationId)
                .atMost(Duration.ofMinutes(2))
                .until(() -> !inProcessSimulator.recordedRequests(generationId).isEmpty());
    }

    private static JsonObject addUnknownFields(JsonObject object) {
        object.forEach(field -> {
            if (field.getValue() instanceof JsonObject child && !field.getKey().equals("metadata")) {
                addUnknownFields(child);
            } else if (field.getValue() instanceof JsonArray items) {
                items.forEach(item -> {
                    if (item instanceof JsonObject child) {
                        addUnknownFields(child);
                    }
                });
            }
        });
        return object.put("addedLater", new JsonObject().put("known", false));
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
