package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.DarkroomExtension;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** CORS and security headers of responses. */
class CorsAndSecurityHeadersIT {
    private static final String APP = DarkroomExtension.ORIGIN;

    @RegisterExtension
    static final DarkroomExtension service = DarkroomExtension.shared();

    private static HttpResponse<String> send(String method, String path, String... headers) throws Exception {
        URI uri = service.darkroom().api().resolve(path);
        HttpRequest.Builder request = HttpRequest.newBuilder(uri)
                .header("Authorization", service.user().authorization())
                .method(method, BodyPublishers.noBody());
        if (headers.length > 0) {
            request.headers(headers);
        }
        return HttpClient.newHttpClient().send(request.build(), BodyHandlers.ofString());
    }

    private static String header(HttpResponse<?> response, String name) {
        HttpHeaders headers = response.headers();
        assertThat(headers.allValues(name)).as(name).hasSizeLessThan(2);
        return headers.firstValue(name).orElse(null);
    }

    @ParameterizedTest
    @CsvSource({
        "GET, /api/generation, 200, no-store",
        "GET, /api/generation/nothing, 400, no-store",
        "GET, /api/generation/01a20919-f15c-75a9-bb7a-000000000000, 404, no-store",
        "GET, /nowhere, 404, no-store",
        "PUT, /api/generation, 405, no-store",
        "POST, /api/generation, 415, no-store",
        "GET, /openapi.yaml, 200, no-cache",
        "GET, /eventbus/info, 404, no-store",
        "GET, /eventbus/websocket, 404, no-store",
        "HEAD, /images/01a20919-f15c-75a9-bb7a-000000000000.png, 404, no-store"
    })
    void everyResponseHasSecurityHeadersAndIsNotCached(String method, String path, int status, String cache)
            throws Exception {
        // when
        HttpResponse<String> response = send(method, path);

        // then
        assertThat(response.statusCode()).isEqualTo(status);
        assertThat(header(response, "X-Content-Type-Options")).isEqualTo("nosniff");
        assertThat(header(response, "Content-Security-Policy")).isEqualTo("default-src 'none'; frame-ancestors 'none'");
        assertThat(header(response, "X-Frame-Options")).isEqualTo("DENY");
        assertThat(header(response, "Referrer-Policy")).isEqualTo("no-referrer");
        assertThat(header(response, "Cross-Origin-Resource-Policy")).isEqualTo("same-origin");
        assertThat(header(response, "Cache-Control")).isEqualTo(cache);
        assertThat(header(response, "Strict-Transport-Security")).isNull();
    }

    @Test
    void generationMayBeCachedForRevalidation() throws Exception {
        String id = service.client().create("A lighthouse");
        assertThat(header(send("GET", "/api/generation/" + id), "Cache-Control"))
                .isEqualTo("private, no-cache");
    }

    @ParameterizedTest
    @ValueSource(strings = {APP, DarkroomExtension.SECOND_ORIGIN})
    void allowsRequestsOfConfiguredOrigins(String origin) throws Exception {
        // when the browser sends a preflight request
        HttpResponse<String> preflight = send(
                "OPTIONS",
                "/api/generation",
                "Origin",
                origin,
                "Access-Control-Request-Method",
                "POST",
                "Access-Control-Request-Headers",
                "authorization,content-type,idempotency-key,prefer");

        // then
        assertThat(preflight.statusCode()).isEqualTo(204);
        assertThat(header(preflight, "Access-Control-Allow-Origin")).isEqualTo(origin);
        assertThat(header(preflight, "Access-Control-Allow-Methods")).contains("POST", "DELETE", "GET");
        assertThat(header(preflight, "Access-Control-Allow-Headers"))
                .contains("Authorization", "Content-Type", "Idempotency-Key", "Prefer");
        assertThat(header(preflight, "Access-Control-Max-Age")).isEqualTo("600");
        assertThat(header(preflight, "Access-Control-Allow-Credentials")).isNull();
    }

    @ParameterizedTest
    @CsvSource({
        "/api/generation, 200",
        "/api/generation/nothing, 400",
        "/api/generation/01a20919-f15c-75a9-bb7a-000000000000, 404",
        "/nowhere, 404"
    })
    void exposesErrorsToConfiguredOrigins(String path, int status) throws Exception {
        // when
        HttpResponse<String> response = send("GET", path, "Origin", APP);

        // then
        assertThat(response.statusCode()).isEqualTo(status);
        assertThat(header(response, "Access-Control-Allow-Origin")).isEqualTo(APP);
        assertThat(header(response, "Access-Control-Expose-Headers"))
                .contains("Location", "Retry-After", "ETag", "Link", "X-Request-Id", "RateLimit", "Preference-Applied");
        assertThat(header(response, "Vary")).containsIgnoringCase("origin");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"https://evil.example", "https://app.example.org.evil.example", "http://app.example.org", "null"
            })
    void sendsNoCorsHeadersToOtherOrigins(String origin) throws Exception {
        // when
        HttpResponse<String> response = send("GET", "/api/generation", "Origin", origin);
        HttpResponse<String> preflight =
                send("OPTIONS", "/api/generation", "Origin", origin, "Access-Control-Request-Method", "POST");

        // then
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(header(response, "Access-Control-Allow-Origin")).isNull();
        assertThat(header(response, "Vary")).isEqualToIgnoringCase("origin");
        assertThat(preflight.statusCode()).isEqualTo(405);
        assertThat(header(preflight, "Access-Control-Allow-Origin")).isNull();
    }
}
