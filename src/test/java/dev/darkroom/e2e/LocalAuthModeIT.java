package dev.darkroom.e2e;

import static dev.darkroom.testing.ProblemAssertions.assertProblem;
import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.ApiClient.ApiResponse;
import dev.darkroom.testing.DarkroomExtension;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.RawHttpClient;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A server without authentication: protection against requests of foreign web pages. */
class LocalAuthModeIT {
    @RegisterExtension
    static final DarkroomExtension service = new DarkroomExtension(DarkroomInstanceSettings.forTests()
            .with("DARKROOM_PUBLIC_URL", "https://images.example.org:8443")
            .with("DARKROOM_HTTP_ALLOWED_HOSTS", "darkroom, other")
            .with("DARKROOM_HTTP_CORS_ORIGINS", "https://app.example.org")
            .with("DARKROOM_LIMITS_FAILED_LOGINS_PER_MINUTE", "5"));

    private static ApiResponse send(URI server, String method, String path, String headers) {
        return RawHttpClient.sendAndRead(
                server, RawHttpClient.utf8Bytes(method + " " + path + " HTTP/1.1\r\n" + headers + "\r\n"));
    }

    private static ApiResponse send(String method, String path, String headers) {
        return send(service.darkroom().api(), method, path, headers);
    }

    private static String secret() {
        return service.client().get("/api/webhook-secret").json().getString("secret");
    }

    @Test
    void acceptsTheKeyOfTheLocalUser() {
        assertThat(send("GET", "/api/generation", "Host: localhost\r\nAuthorization: Bearer local\r\n")
                        .status())
                .isEqualTo(200);
        assertThat(send("GET", "/api/generation", "Host: localhost\r\nAuthorization: Bearer other\r\n")
                        .status())
                .isEqualTo(401);
    }

    @Test
    @DisplayName("the local user is no admin when publicUrl leads others to the service")
    void localUserIsNoAdminBehindAProxy() {
        assertThat(service.client().get("/api/user").json())
                .isEqualTo(new JsonObject().put("name", "local").put("admin", false));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "localhost",
                "LocalHost:1",
                "localhost.",
                "app.localhost:8080",
                "127.0.0.1",
                "127.8.8.8:80",
                "[::1]",
                "[::1]:8080",
                "[::ffff:127.0.0.1]",
                "images.example.org",
                "images.example.org:8443",
                "darkroom:8080",
                "OTHER"
            })
    void acceptsItsOwnHosts(String host) {
        assertThat(send("GET", "/api/generation", "Host: " + host + "\r\n").status())
                .isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "evil.example",
                "evil.example:8080",
                "localhost.evil.example",
                "127.0.0.1.evil.example",
                "notlocalhost",
                "0.0.0.0",
                "[::]",
                "192.168.1.2",
                "10.0.0.1:8080",
                "2130706433",
                "0x7f000001",
                "127.1",
                "images.example.org.evil.example",
                "localhost.."
            })
    void rejectsOtherHostsForEveryPath(String host) {
        String header = "Host: " + host + "\r\n";
        assertProblem(send("GET", "/api/generation", header), 421, "misdirected-request", "/api/generation");
        assertThat(send("DELETE", "/api/generation/01a20919-f15c-75a9-bb7a-000000000000", header)
                        .status())
                .isEqualTo(421);
        assertThat(send("GET", "/nowhere", header).status()).isEqualTo(421);
        assertThat(send("GET", "/openapi.yaml", header).status()).isEqualTo(421);
        assertThat(send("OPTIONS", "/api/generation", header + "Origin: http://evil.example\r\n")
                        .status())
                .isEqualTo(421);
        assertThat(send(service.darkroom().management(), "GET", "/node", header).status())
                .isEqualTo(421);
    }

    @ParameterizedTest
    @CsvSource({
        "http://localhost/nowhere, localhost, 404",
        "http://127.0.0.1:8080/nowhere, localhost, 404",
        "http://evil.example/nowhere, localhost, 421",
        "http://evil.example:8080/nowhere?a=http://localhost, localhost, 421",
        "http://localhost/nowhere, evil.example, 421"
    })
    void readsTheHostOfAnAbsoluteTarget(String target, String host, int status) {
        assertThat(send("GET", target, "Host: " + host + "\r\n").status()).isEqualTo(status);
    }

    @Test
    void rejectsTwoHostHeaders() {
        ApiResponse apiResponse = send("GET", "/api/generation", "Host: localhost\r\nHost: localhost\r\n");
        assertProblem(apiResponse, 400, "invalid-request", "/api/generation");
        assertThat(apiResponse.json().getString("detail")).isEqualTo("Host: must be given once");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            nullValues = "-",
            value = {
                "https://evil.example | cross-site",
                "https://evil.example | -",
                "https://evil.example | same-origin",
                "http://localhost:3000 | same-site",
                "http://localhost.evil.example | -",
                "null | -",
                "null | cross-site",
                "- | cross-site",
                "- | same-site",
                "http://localhost, https://evil.example | -",
            })
    void rejectsChangesByPagesOfOtherOrigins(String origin, String site) {
        String secret = secret();
        String headers = "Host: localhost\r\n"
                + (origin == null ? "" : "Origin: " + origin + "\r\n")
                + (site == null ? "" : "Sec-Fetch-Site: " + site + "\r\n")
                + "Content-Length: 0\r\n";

        ApiResponse apiResponse = send("POST", "/api/webhook-secret/rotate", headers);

        assertProblem(apiResponse, 403, "origin-not-allowed", "/api/webhook-secret/rotate");
        assertThat(secret()).isEqualTo(secret);
        String id = "01a20919-f15c-75a9-bb7a-000000000000";
        assertThat(send("DELETE", "/api/generation/" + id, headers).status()).isEqualTo(403);
        assertThat(send("POST", "/api/generation/" + id + "/cancel", headers).status())
                .isEqualTo(403);
        assertThat(send("PATCH", "/api/webhooks/" + id, headers).status()).isEqualTo(403);
        assertThat(send("GET", "/api/generation/" + id + "/events", headers).status())
                .isEqualTo(403);
        assertThat(send("GET", "/api/notifications/stream", headers).status()).isEqualTo(403);
        assertThat(send(
                                "GET",
                                "/api/notifications/socket",
                                headers + "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                                        + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n")
                        .status())
                .isEqualTo(403);
        // Reads are allowed, because the browser hides the response from a page of another origin.
        assertThat(send("GET", "/api/generation", headers).status()).isEqualTo(200);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            nullValues = "-",
            value = {
                "- | -",
                "- | none",
                "- | same-origin",
                "http://localhost:8080 | same-origin",
                "http://LOCALHOST:8080 | -",
                "https://localhost:8080 | -",
                "https://images.example.org:8443 | same-origin",
                "https://app.example.org | cross-site",
            })
    void acceptsChangesByItsOwnPagesAndByPrograms(String origin, String site) {
        String secret = secret();

        ApiResponse apiResponse = send(
                "POST",
                "/api/webhook-secret/rotate",
                "Host: localhost:8080\r\n"
                        + (origin == null ? "" : "Origin: " + origin + "\r\n")
                        + (site == null ? "" : "Sec-Fetch-Site: " + site + "\r\n")
                        + "Content-Length: 0\r\n");

        assertThat(apiResponse.status()).isEqualTo(200);
        assertThat(secret()).isNotEqualTo(secret);
    }

    @Test
    @DisplayName("Invalid image URLs do not count as failed logins")
    void doesNotCountInvalidUrlsAsFailedLogins() {
        JsonObject generation = service.client().awaitEnd(service.client().create("linked"));
        String url = generation.getJsonArray("imageUrls").getString(0);
        String link = url.substring(url.indexOf("/images/"));
        for (int i = 0; i < 21; i++) {
            ApiResponse rejected = service.client()
                    .get(
                            link.replaceFirst("signature=.*", "signature=x" + i),
                            Map.of("Sec-Fetch-Site", "cross-site", "Sec-Fetch-Dest", "image"));
            assertThat(rejected.status()).isEqualTo(403);
        }

        assertThat(service.client().get(link).status()).isEqualTo(200);
        assertThat(service.client().withKey("wrong").get("/api/generation").status())
                .isEqualTo(401);
    }
}
