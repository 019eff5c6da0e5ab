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
 * How tests talk to the service over HTTP. Every answer, whatever it is, is held against the contract; there is no way
 * around that. The methods block.
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

    /** The same, for somebody who has an API key. */
    public ApiClient withKey(String key) {
        return new ApiClient(base, Map.of("Authorization", "Bearer " + key));
    }

    /** Scheme, host and port. */
    public URI base() {
        return base;
    }

    /** An answer that keeps the contract. Never compared with another, so the array does no harm. */
    @SuppressWarnings("ArrayRecordComponent")
    public record ApiResponse(int status, Map<String, String> headers, byte[] body) {

        /** The value of a header, null when absent. */
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

    /** Sends a request as it is. The path may carry a query. */
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

    /** POSTs to {@code /api/generation} with a body that may be anything. */
    public ApiResponse post(String body) {
        return post(body, Map.of());
    }

    /** The same with more headers. */
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

    /** Asks for pictures, is accepted, and gives back the generation. */
    public JsonObject create(JsonObject request) {
        ApiResponse apiResponse = post(request.encode());
        assertThat(apiResponse.status()).as(apiResponse.text()).isEqualTo(202);
        assertThat(apiResponse.header("Location"))
                .isEqualTo("/api/generation/" + apiResponse.json().getString("id"));
        return apiResponse.json();
    }

    /** Asks for one picture and gives back the id of its generation. */
    public String create(String prompt) {
        return create(new JsonObject().put("prompt", prompt)).getString("id");
    }

    /** How a generation stands. */
    public JsonObject generation(String id) {
        ApiResponse apiResponse = get("/api/generation/" + id);
        assertThat(apiResponse.status()).as(apiResponse.text()).isEqualTo(200);
        return apiResponse.json();
    }

    /** Waits until a generation has ended. */
    public JsonObject awaitEnd(String id, Duration atMost) {
        return Awaitility.await("end of generation " + id)
                .atMost(atMost)
                .pollInterval(Duration.ofMillis(50))
                .until(() -> generation(id), found -> !found.getString("status").equals("PENDING"));
    }

    /** Waits, for at most 60 s, until a generation has ended. */
    public JsonObject awaitEnd(String id) {
        return awaitEnd(id, Duration.ofSeconds(60));
    }
}
