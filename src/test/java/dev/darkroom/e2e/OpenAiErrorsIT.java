package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.ApiClient.ApiResponse;
import dev.darkroom.testing.DarkroomExtension;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.RawHttpClient;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Errors of the OpenAI API for credentials, limits, hosts and malformed requests. */
class OpenAiErrorsIT {
    private static final String PATH = "/v1/images/generations";

    @RegisterExtension
    static final DarkroomExtension service = new DarkroomExtension(DarkroomInstanceSettings.forTests()
            .with("DARKROOM_AUTH", "required")
            .with("DARKROOM_LIMITS_REQUESTS_PER_SECOND", "1")
            .with("DARKROOM_LIMITS_BURST", "2")
            .with("DARKROOM_GENERATION_MAX_PER_DAY_PER_USER", "1")
            .with("DARKROOM_HTTP_CORS_ORIGINS", DarkroomExtension.ORIGIN)
            .with("DARKROOM_HTTP_REQUEST_TIMEOUT", "3s"));

    private static ApiResponse post(ApiClient client) {
        return client.send(
                "POST",
                PATH,
                Map.of("Content-Type", "application/json", "Origin", DarkroomExtension.ORIGIN),
                "{\"prompt\": \"A pier\"}".getBytes(StandardCharsets.UTF_8));
    }

    private static JsonObject error(ApiResponse response) {
        return response.json().getJsonObject("error");
    }

    private static void assertError(ApiResponse response, int status, String type, String code, boolean retry) {
        assertThat(response.status()).as(response.text()).isEqualTo(status);
        assertThat(error(response).getString("type")).isEqualTo(type);
        assertThat(error(response).getString("code")).isEqualTo(code);
        assertThat(response.header("X-Should-Retry")).isEqualTo(retry ? null : "false");
    }

    @Test
    void rejectsMissingAndInvalidKeys() {
        ApiResponse missing = post(service.anonymous());
        assertError(missing, 401, "authentication_error", "invalid_api_key", false);
        assertThat(missing.header("WWW-Authenticate")).isNotNull();
        assertError(post(service.anonymous().withKey("sk-123")), 401, "authentication_error", "invalid_api_key", false);
        assertError(service.anonymous().get("/v1/models"), 401, "authentication_error", "invalid_api_key", false);
    }

    @Test
    void rejectsRequestsAboveRateLimitAndQuota() {
        // given
        ApiClient client = service.newUser().client();

        // when
        ApiResponse first = post(client);
        ApiResponse second = post(client);
        ApiResponse third = Awaitility.await("the rate limit")
                .pollInterval(Duration.ofMillis(1))
                .atMost(Duration.ofSeconds(60))
                .until(
                        () -> post(client),
                        response -> !error(response).getString("type").equals("insufficient_quota"));

        // then
        assertThat(first.status()).as(first.text()).isEqualTo(200);
        assertThat(first.header("Access-Control-Expose-Headers")).containsIgnoringCase("Darkroom-Generation-Id");
        assertError(second, 429, "insufficient_quota", "insufficient_quota", false);
        assertThat(second.header("Retry-After")).isNull();
        assertError(third, 429, "rate_limit_error", "rate_limit_exceeded", true);
        assertThat(Integer.parseInt(third.header("Retry-After"))).isBetween(1, 60);
    }

    @Test
    void rejectsTooLargeHeaders() {
        // when
        ApiResponse response = RawHttpClient.sendAndRead(
                service.darkroom().api(),
                RawHttpClient.requestHead("POST", "/v1/edits", "X-Large: " + "x".repeat(20_000) + "\r\n"));

        // then
        assertError(response, 431, "invalid_request_error", "request_too_large", false);
    }

    @Test
    void rejectsBodyThatDoesNotArrive() {
        // when
        ApiResponse response = RawHttpClient.sendAndRead(
                service.darkroom().api(),
                RawHttpClient.requestHead(
                        "POST",
                        PATH,
                        "Content-Type: application/json\r\nContent-Length: 20\r\nAuthorization: "
                                + service.newUser().authorization() + "\r\n"));

        // then
        assertError(response, 408, "invalid_request_error", "request_timeout", true);
    }

    @Test
    void otherPathsKeepProblemDocuments() {
        assertThat(service.anonymous().get("/api/models").header("Content-Type"))
                .isEqualTo("application/problem+json");
    }
}
