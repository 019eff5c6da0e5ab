package dev.darkroom.testing;

import static org.assertj.core.api.Assertions.assertThat;

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
import java.util.List;

/** Controls and inspects a simulator on a port of this machine over its HTTP interface. The methods block. */
public final class SimulatorClient {
    private final HttpClient http = HttpClient.newHttpClient();
    private final int port;

    public SimulatorClient(int port) {
        this.port = port;
    }

    /** Sets the behavior of the next submissions, one step each. Later submissions succeed. */
    public void script(JsonObject... steps) {
        HttpResponse<String> response =
                send("PUT", "/simulator/script", new JsonObject().put("steps", new JsonArray(List.of(steps))));
        assertThat(response.statusCode()).as(response.body()).isBetween(200, 299);
    }

    /** Returns the JSON at a path of the simulator. */
    JsonObject get(String path) {
        return new JsonObject(send("GET", path, null).body());
    }

    /** Deletes recorded submissions and the script. */
    void reset() {
        send("DELETE", "/simulator/requests", null);
        send("DELETE", "/simulator/script", null);
    }

    private HttpResponse<String> send(String method, String path, JsonObject body) {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .header("Content-Type", "application/json")
                .method(method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body.encode()))
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
}
