package org.example.shop;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Map;

/** Sends requests to Darkroom. The methods wait at most 20 s for the start of a response. Thread-safe. */
final class DarkroomClient {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final HttpClient http = HttpClient.newHttpClient();
    private final URI api;
    private final String key;
    private final String webhookUrl;

    /** A response and its JSON. */
    record Reply(int status, JsonNode body) {
        /** Returns whether a repeated request would be rejected too. */
        boolean isRejection() {
            return status == 400 || status == 409 || status == 413 || status == 422;
        }

        Reply requireSuccess() throws IOException {
            if (status / 100 != 2) {
                throw new IOException(status + " " + body.path("title").asText());
            }
            return this;
        }
    }

    /** @param key API key; null if the server requires no authentication */
    DarkroomClient(URI api, String key, String webhookUrl) {
        this.api = api;
        this.key = key;
        this.webhookUrl = webhookUrl;
    }

    /** Creates the generation of an order. The order id is the idempotency key, so a repeated request creates no second generation. */
    Reply create(Order order) throws IOException, InterruptedException {
        Map<String, Object> body = Map.of(
                "prompt", order.prompt(), "webhookUrl", webhookUrl, "metadata", Map.of("order", order.id()));
        return send(request("/api/generation")
                .header("Content-Type", "application/json")
                .header("Idempotency-Key", order.id())
                .POST(BodyPublishers.ofByteArray(JSON.writeValueAsBytes(body))));
    }

    JsonNode generation(String id) throws IOException, InterruptedException {
        return send(request("/api/generation/" + id)).requireSuccess().body();
    }

    /** Returns the secret that signs deliveries to {@code webhookUrl}. */
    String webhookSecret() throws IOException, InterruptedException {
        return send(request("/api/webhook-secret")).requireSuccess().body().get("secret").asText();
    }

    private HttpRequest.Builder request(String path) {
        HttpRequest.Builder request = HttpRequest.newBuilder(api.resolve(path)).timeout(Duration.ofSeconds(20));
        return key == null ? request : request.header("Authorization", "Bearer " + key);
    }

    private Reply send(HttpRequest.Builder request) throws IOException, InterruptedException {
        HttpResponse<byte[]> response = http.send(request.build(), BodyHandlers.ofByteArray());
        return new Reply(response.statusCode(), JSON.readTree(response.body()));
    }
}
