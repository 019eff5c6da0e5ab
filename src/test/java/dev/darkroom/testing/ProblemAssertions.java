package dev.darkroom.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.ApiClient.ApiResponse;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.regex.Pattern;

/** Assertions on problem documents (RFC 9457). */
public final class ProblemAssertions {
    /** Matches names of classes and packages, SQL statements and stack traces. */
    private static final Pattern INTERNAL_DETAILS = Pattern.compile(
            "(?i)exception|java\\.|vertx|netty|jackson|dev\\.darkroom|postgres|select .* from|insert into|\\bat \\S+\\(");

    private ProblemAssertions() {}

    /** Checks that the response is a complete problem document of this type without internal details. */
    public static void assertProblem(ApiResponse apiResponse, int status, String type, String instance) {
        assertThat(apiResponse.status()).as(apiResponse.text()).isEqualTo(status);
        assertThat(apiResponse.header("Content-Type")).isEqualTo("application/problem+json");
        JsonObject problem = apiResponse.json();
        assertThat(problem.getString("type")).isEqualTo("urn:darkroom:problem:" + type);
        assertThat(problem.getInteger("status")).isEqualTo(status);
        assertThat(problem.getString("instance")).isEqualTo(instance);
        assertThat(problem.getString("requestId")).isEqualTo(apiResponse.header("X-Request-Id"));
        assertThat(problem.getString("title")).isNotBlank();
        assertThat(problem.getString("detail")).isNotBlank();
        assertThat(apiResponse.text()).doesNotContainPattern(INTERNAL_DETAILS);
        assertThat(apiResponse.headers().toString()).doesNotContainPattern(INTERNAL_DETAILS);
    }

    /** Returns the validation errors of a response: pointer, space and detail each. */
    public static List<String> errorsOf(ApiResponse apiResponse) {
        JsonArray errors = apiResponse.json().getJsonArray("errors", new JsonArray());
        return errors.stream()
                .map(JsonObject.class::cast)
                .map(error -> error.getString("pointer") + " " + error.getString("detail"))
                .toList();
    }
}
