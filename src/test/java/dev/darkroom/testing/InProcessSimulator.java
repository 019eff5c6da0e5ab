package dev.darkroom.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.simulator.SimulatorVerticle;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The bundled AI server in the test JVM, controlled and inspected over its HTTP interface. The methods block. */
public final class InProcessSimulator implements AutoCloseable {
    private final Vertx vertx = Vertx.vertx();
    private final HttpClient http = HttpClient.newHttpClient();
    private final SimulatorVerticle simulator;

    /** Starts a simulator on a free port. */
    public InProcessSimulator(Duration latency) {
        this(0, latency);
    }

    /** Starts a simulator on a given port, for example that of a closed one. 0 means a free port. */
    public InProcessSimulator(int port, Duration latency) {
        simulator = new SimulatorVerticle(port, latency);
        try {
            vertx.deployVerticle(simulator)
                    .toCompletionStage()
                    .toCompletableFuture()
                    .get(60, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    public int port() {
        return simulator.port();
    }

    /** Returns the value for {@code DARKROOM_BACKEND_URL}. */
    public URI url() {
        return URI.create("http://127.0.0.1:" + port() + "/v1");
    }

    /** Sets the behavior of the next submissions, one step each. Later submissions succeed. */
    public void script(JsonObject... steps) {
        JsonArray list = new JsonArray();
        List.of(steps).forEach(list::add);
        HttpResponse<String> response = send(
                "PUT", "/simulator/script", new JsonObject().put("steps", list).encode());
        assertThat(response.statusCode()).as(response.body()).isBetween(200, 299);
    }

    /**
     * Returns the submissions in order of arrival, with {@code at}, {@code key}, {@code body}, {@code response}, {@code closedAt}
     * and {@code downloads}.
     */
    public List<JsonObject> recordedRequests() {
        JsonArray requests = get("/simulator/requests").getJsonArray("requests");
        return requests.stream().map(JsonObject.class::cast).toList();
    }

    /** Returns the JSON at a path of the simulated AI server. */
    public JsonObject get(String path) {
        return new JsonObject(send("GET", path, null).body());
    }

    /** Returns the submissions with the key of this generation. */
    public List<JsonObject> recordedRequests(String generationId) {
        return recordedRequests().stream()
                .filter(request -> generationId.equals(request.getString("key")))
                .toList();
    }

    /** Deletes recorded submissions and the script. */
    public void reset() {
        send("DELETE", "/simulator/requests", null);
        send("DELETE", "/simulator/script", null);
    }

    private HttpResponse<String> send(String method, String path, String body) {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port() + path))
                .header("Content-Type", "application/json")
                .method(method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body))
                .build();
        try {
            return http.send(request, BodyHandlers.ofString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
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
