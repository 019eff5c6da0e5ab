package org.example.shop;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.standardwebhooks.Webhook;
import com.standardwebhooks.exceptions.WebhookVerificationException;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Executors;

/** A shop that sells images. It creates a generation for each order and learns its end by a webhook. */
public final class Shop {
    private static final int MAX_BODY_BYTES = 65_536;
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Store store;
    private final DarkroomClient darkroom;
    private final Worker worker;
    private final Webhook webhookSecret;

    /** @param body null for none */
    private record Response(int status, Map<String, Object> body) {
        Response(int status) {
            this(status, null);
        }
    }

    private interface Handler {
        Response handle(HttpExchange exchange) throws IOException, InterruptedException, SQLException;
    }

    private Shop(Store store, DarkroomClient darkroom) throws Exception {
        this.store = store;
        this.darkroom = darkroom;
        worker = new Worker(store, darkroom);
        // Without the secret the shop cannot work, so the program ends when the request fails.
        webhookSecret = new Webhook(darkroom.webhookSecret());
    }

    public static void main(String[] args) throws Exception {
        Map<String, String> settings = System.getenv();
        int port = Integer.parseInt(settings.getOrDefault("PORT", "9000"));
        String publicUrl = settings.getOrDefault("PUBLIC_URL", "http://127.0.0.1:" + port);
        DarkroomClient darkroom = new DarkroomClient(
                URI.create(settings.getOrDefault("API", "http://127.0.0.1:8080")),
                settings.get("KEY"),
                publicUrl + "/webhooks/darkroom");
        new Shop(new Store(settings.getOrDefault("DATABASE", "shop.db")), darkroom).start(port);
        System.out.println("listening on " + publicUrl);
    }

    private void start(int port) throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 0);
        server.setExecutor(Executors.newFixedThreadPool(8));
        server.createContext("/webhooks/darkroom", exchange -> respond(exchange, "POST", this::receive));
        server.createContext("/orders", exchange -> respond(exchange, "POST", this::createOrder));
        server.createContext("/orders/", exchange -> respond(exchange, "GET", this::showOrder));
        server.start();
        worker.start();
    }

    /** Verifies a webhook, stores it and responds. The work begins after the response. */
    private Response receive(HttpExchange exchange) throws IOException, SQLException {
        String body = read(exchange);
        try {
            // The signature covers the received bytes, so they are verified before they are parsed.
            webhookSecret.verify(body, exchange.getRequestHeaders());
        } catch (WebhookVerificationException | RuntimeException e) {
            return new Response(401);
        }
        JsonNode event = JSON.readTree(body);
        if (event.path("type").asText().equals("generation.ended")) {
            String id = exchange.getRequestHeaders().getFirst("webhook-id");
            boolean isNew = store.insertWebhook(id, event.at("/data/generationId").asText());
            System.out.println("webhook " + id + (isNew ? " received" : " ignored, it was received before"));
            worker.wake();
        }
        return new Response(204); // Also for unknown types, which later versions may add.
    }

    private Response createOrder(HttpExchange exchange) throws IOException, SQLException {
        JsonNode prompt;
        try {
            prompt = JSON.readTree(read(exchange)).path("prompt");
        } catch (IOException e) {
            return new Response(400, Map.of("error", "the body is not JSON"));
        }
        if (!prompt.isTextual()) {
            return new Response(400, Map.of("error", "prompt is required"));
        }
        String id = UUID.randomUUID().toString();
        store.insertOrder(id, prompt.asText());
        worker.wake();
        return new Response(202, Map.of("id", id, "status", "NEW"));
    }

    /** Shows an order. Image URLs expire, so they are not stored but requested. */
    private Response showOrder(HttpExchange exchange) throws IOException, InterruptedException, SQLException {
        String id = exchange.getRequestURI().getPath().substring("/orders/".length());
        Optional<Order> found = store.order(id);
        if (found.isEmpty()) {
            return new Response(404);
        }
        Order order = found.get();
        Map<String, Object> shown = new LinkedHashMap<>(Map.of("id", id, "status", order.status()));
        if (order.status().equals("FAILED")) {
            shown.put("error", order.error());
        }
        if (order.status().equals("COMPLETE")) {
            shown.put("imageUrls", darkroom.generation(order.generationId()).get("imageUrls"));
        }
        return new Response(200, shown);
    }

    private static String read(HttpExchange exchange) throws IOException {
        // A longer body is cut off, so that its signature or its JSON is invalid.
        return new String(exchange.getRequestBody().readNBytes(MAX_BODY_BYTES), StandardCharsets.UTF_8);
    }

    private static void respond(HttpExchange exchange, String method, Handler handler) throws IOException {
        try (exchange) {
            Response response;
            try {
                response = exchange.getRequestMethod().equals(method) ? handler.handle(exchange) : new Response(405);
            } catch (IOException | SQLException | RuntimeException e) {
                System.out.println("request failed: " + e);
                response = new Response(503);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                response = new Response(503);
            }
            if (response.body() == null) {
                exchange.sendResponseHeaders(response.status(), -1);
            } else {
                byte[] body = JSON.writeValueAsBytes(response.body());
                exchange.getResponseHeaders().set("Content-Type", "application/json");
                exchange.sendResponseHeaders(response.status(), body.length);
                exchange.getResponseBody().write(body);
            }
        }
    }
}
