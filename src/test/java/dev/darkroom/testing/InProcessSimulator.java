package dev.darkroom.testing;

import dev.darkroom.simulator.SimulatorVerticle;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The bundled AI server in the test JVM, controlled and inspected over its HTTP interface. The methods block. */
public final class InProcessSimulator implements AutoCloseable {
    private final Vertx vertx = Vertx.vertx();
    private final SimulatorVerticle simulator;
    private final SimulatorClient client;

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
        client = new SimulatorClient(simulator.port());
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
        client.script(steps);
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
        return client.get(path);
    }

    /** Returns the submissions with the key of this generation. */
    public List<JsonObject> recordedRequests(String generationId) {
        return recordedRequests().stream()
                .filter(request -> generationId.equals(request.getString("key")))
                .toList();
    }

    /** Deletes recorded submissions and the script. */
    public void reset() {
        client.reset();
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
