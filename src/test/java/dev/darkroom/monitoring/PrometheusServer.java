package dev.darkroom.monitoring;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.FreePort;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;

/** A Prometheus server from the {@code PATH}, and its HTTP API. The methods block. */
final class PrometheusServer implements AutoCloseable {
    private final HttpClient http = HttpClient.newHttpClient();
    private final Process process;
    private final Path output;
    private final int port;

    private PrometheusServer(Process process, Path output, int port) {
        this.process = process;
        this.output = output;
        this.port = port;
    }

    /** Starts a server with a configuration and waits until it is ready. */
    static PrometheusServer start(Path directory, Path configuration) throws IOException {
        int port = FreePort.find();
        Path output = directory.resolve("prometheus.log");
        Process process = MonitoringTools.start(new ProcessBuilder(
                        "prometheus",
                        "--config.file=" + configuration.toAbsolutePath(),
                        "--storage.tsdb.path=" + directory.resolve("prometheus").toAbsolutePath(),
                        "--web.listen-address=127.0.0.1:" + port)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile()));
        PrometheusServer server = new PrometheusServer(process, output, port);
        try {
            Awaitility.await("Prometheus is ready")
                    .atMost(Duration.ofMinutes(2))
                    .failFast(() -> assertThat(process.isAlive())
                            .as(Files.readString(output))
                            .isTrue())
                    .until(server::isReady);
            return server;
        } catch (RuntimeException | Error e) {
            server.close();
            throw e;
        }
    }

    private boolean isReady() {
        try {
            return send("/-/ready").statusCode() == 200;
        } catch (UncheckedIOException e) {
            return false;
        }
    }

    /** Returns the result of an expression now: a list of series with {@code metric} and {@code value}. */
    List<JsonObject> query(String expression) {
        return objects(get("/api/v1/query?query=" + encode(expression))
                .getJsonObject("data")
                .getJsonArray("result"));
    }

    /** Returns the result of an expression over a time: a list of series with {@code metric} and {@code values}. */
    List<JsonObject> queryRange(String expression, Instant start, Instant end, Duration step) {
        return objects(get("/api/v1/query_range?query=%s&start=%s&end=%s&step=%d"
                        .formatted(encode(expression), start, end, step.toSeconds()))
                .getJsonObject("data")
                .getJsonArray("result"));
    }

    /** Returns the values of a label of the series that match a selector. */
    List<String> labelValues(String label, String selector) {
        return get("/api/v1/label/%s/values?match[]=%s"
                        .formatted(label, encode(selector))
                        .replace("[]", "%5B%5D"))
                .getJsonArray("data")
                .stream()
                .map(String.class::cast)
                .toList();
    }

    /** Returns all rules, with {@code name}, {@code type}, {@code health} and {@code lastError}. */
    List<JsonObject> rules() {
        return objects(get("/api/v1/rules").getJsonObject("data").getJsonArray("groups")).stream()
                .flatMap(group -> objects(group.getJsonArray("rules")).stream())
                .toList();
    }

    /** Returns the active scrape targets, with {@code health} and {@code lastError}. */
    List<JsonObject> targets() {
        return objects(get("/api/v1/targets?state=active").getJsonObject("data").getJsonArray("activeTargets"));
    }

    /** Returns the names of the alerts that fire. */
    List<String> firingAlerts() {
        return objects(get("/api/v1/alerts").getJsonObject("data").getJsonArray("alerts")).stream()
                .filter(alert -> alert.getString("state").equals("firing"))
                .map(alert -> alert.getJsonObject("labels").getString("alertname"))
                .distinct()
                .toList();
    }

    private static List<JsonObject> objects(JsonArray array) {
        return array.stream().map(JsonObject.class::cast).toList();
    }

    private static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    private JsonObject get(String path) {
        HttpResponse<String> response = send(path);
        assertThat(response.statusCode()).as("%s: %s", path, response.body()).isEqualTo(200);
        return new JsonObject(response.body());
    }

    private HttpResponse<String> send(String path) {
        try {
            return http.send(
                    HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                            .timeout(Duration.ofMinutes(1))
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(30, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            process.destroyForcibly();
        }
    }
}
