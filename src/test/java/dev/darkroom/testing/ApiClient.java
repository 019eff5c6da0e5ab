package dev.darkroom.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.api.contract.OpenApiResponseValidator;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import org.awaitility.Awaitility;

/**
 * HTTP client of the API for tests. Validates every response against the contract, without exception. The methods block.
 * Thread-safe.
 */
public final class ApiClient {
    private static final Map<String, String> JSON = Map.of("Content-Type", "application/json");

    private final HttpClient http = HttpClient.newBuilder()
            .connectTimeout(Duration.ofSeconds(30))
            .version(HttpClient.Version.HTTP_1_1)
            .build();
    private final URI base;
    private final Map<String, String> credentials;

    /** @param base scheme, host and port */
    public ApiClient(URI base) {
        this(base, Map.of());
    }

    private ApiClient(URI base, Map<String, String> credentials) {
        this.base = base;
        this.credentials = credentials;
    }

    /** Returns a client that sends an API key. */
    public ApiClient withKey(String key) {
        return new ApiClient(base, Map.of("Authorization", "Bearer " + key));
    }

    /** Returns scheme, host and port. */
    public URI base() {
        return base;
    }

    /** A response that conforms to the contract. Instances are never compared, so the array component is safe. */
    @SuppressWarnings("ArrayRecordComponent")
    public record ApiResponse(int status, Map<String, String> headers, byte[] body) {

        /** Returns the value of a header, or null when it is absent. */
        public String header(String name) {
            return headers.get(name);
        }

        public JsonObject json() {
            return new JsonObject(Buffer.buffer(body));
        }

        public String text() {
            return new String(body, StandardCharsets.UTF_8);
        }
    }

    /**
     * Sends a request and validates the response.
     *
     * @param path may have a query
     * @param body null for none
     */
    public ApiResponse send(String method, String path, Map<String, String> headers, byte[] body) {
        HttpRequest.Builder request = HttpRequest.newBuilder(base.resolve(path))
                .timeout(Duration.ofSeconds(60))
                .method(method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofByteArray(body));
        credentials.forEach(request::header);
        headers.forEach(request::header);
        try {
            HttpResponse<byte[]> response = http.send(request.build(), BodyHandlers.ofByteArray());
            Map<String, String> received = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
            response.headers().map().forEach((name, values) -> received.put(name, values.get(0)));
            String pathOnly = path.replaceFirst("\\?.*", "");
            OpenApiResponseValidator.check(method, pathOnly, response.statusCode(), received, response.body());
            return new ApiResponse(response.statusCode(), received, response.body());
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    public ApiResponse get(String path) {
        return send("GET", path, Map.of(), null);
    }

    /** Sends {@code POST /api/generation} with any body, valid or not. */
    public ApiResponse post(String body) {
        return post(body, Map.of());
    }

    /** Like {@link #post(String)}, with additional headers. */
    public ApiResponse post(String body, Map<String, String> headers) {
        Map<String, String> all = new TreeMap<>(JSON);
        all.putAll(headers);
        return send("POST", "/api/generation", all, body.getBytes(StandardCharsets.UTF_8));
    }

    public ApiResponse get(String path, Map<String, String> headers) {
        return send("GET", path, headers, null);
    }

    public ApiResponse cancel(String id) {
        return send("POST", "/api/generation/" + id + "/cancel", Map.of(), null);
    }

    public ApiResponse delete(String id) {
        return send("DELETE", "/api/generation/" + id, Map.of(), null);
    }

    public ApiResponse retry(String id, Map<String, String> headers) {
        return send("POST", "/api/generation/" + id + "/retry", headers, null);
    }

    /** Creates a generation and returns it. Fails unless the status is 202. */
    public JsonObject create(JsonObject request) {
        ApiResponse apiResponse = post(request.encode());
        assertThat(apiResponse.status()).as(apiResponse.text()).isEqualTo(202);
        assertThat(apiResponse.header("Location"))
                .isEqualTo("/api/generation/" + apiResponse.json().getString("id"));
        return apiResponse.json();
    }

    /** Creates a generation of one image and returns its id. */
    public String create(String prompt) {
        return create(new JsonObject().put("prompt", prompt)).getString("id");
    }

    /** Returns the current state of a generation. */
    public JsonObject generation(String id) {
        ApiResponse apiResponse = get("/api/generation/" + id);
        assertThat(apiResponse.status()).as(apiResponse.text()).isEqualTo(200);
        return apiResponse.json();
    }

    /** Waits until a generation has finished and returns it. */
    public JsonObject awaitEnd(String id, Duration atMost) {
        return Awaitility.await("end of generation " + id)
                .atMost(atMost)
                .pollInterval(Duration.ofMillis(50))
                .until(
                        () -> generation(id),
                        generation -> !generation.getString("status").equals("PENDING"));
    }

    /** Waits at most 60 s until a generation has finished and returns it. */
    public JsonObject awaitEnd(String id) {
        return awaitEnd(id, Duration.ofSeconds(60));
    }
}
