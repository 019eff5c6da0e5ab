package dev.darkroom.testing;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.darkroom.image.TestImages;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;

/** AI server with the OpenAI protocol that records the headers of its requests. The last call of {@link #set} decides its mode. */
public final class HeaderRecordingAiServer implements AutoCloseable {
    private final HttpServer server;
    private final List<Map<String, String>> requests = new CopyOnWriteArrayList<>();
    private final CountDownLatch closed = new CountDownLatch(1);
    private volatile Mode mode = Mode.SUCCEED;

    /** Response of the server to a request. */
    public enum Mode {
        /** Sends an image. */
        SUCCEED,
        /** Sends the status 500. */
        FAIL,
        /** Sends no response before the server is closed. */
        HANG
    }

    public HeaderRecordingAiServer() {
        try {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        server.createContext("/v1/images/generations", this::respond);
        server.setExecutor(Executors.newCachedThreadPool(task -> {
            Thread thread = new Thread(task, "ai-server");
            thread.setDaemon(true);
            return thread;
        }));
        server.start();
    }

    public String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort() + "/v1";
    }

    /** Sets the mode for the following requests. */
    public HeaderRecordingAiServer set(Mode next) {
        mode = next;
        return this;
    }

    private void respond(HttpExchange exchange) throws IOException {
        try (exchange) {
            exchange.getRequestBody().readAllBytes();
            requests.add(exchange.getRequestHeaders().entrySet().stream()
                    .collect(Collectors.toMap(
                            header -> header.getKey().toLowerCase(java.util.Locale.ROOT),
                            header -> header.getValue().get(0))));
            Mode current = mode;
            if (current == Mode.HANG) {
                closed.await();
                return;
            }
            String image = Base64.getEncoder()
                    .encodeToString(TestImages.png(
                            DarkroomInstanceSettings.DEFAULT_SIDE, DarkroomInstanceSettings.DEFAULT_SIDE));
            byte[] body = new JsonObject()
                    .put("data", new JsonArray().add(new JsonObject().put("b64_json", image)))
                    .encode()
                    .getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            exchange.sendResponseHeaders(current == Mode.SUCCEED ? 200 : 500, body.length);
            exchange.getResponseBody().write(body);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Returns the headers of each request so far, by lower-case name. */
    public List<Map<String, String>> requests() {
        return List.copyOf(requests);
    }

    @Override
    public void close() {
        closed.countDown();
        server.stop(0);
    }
}
