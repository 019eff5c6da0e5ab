package dev.darkroom.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.ApiClient.Answer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.regex.Pattern;

/** What tests ask of problem documents. */
public final class Problems {
    /** Names of classes and packages, statements, stack traces. */
    private static final Pattern INSIDE = Pattern.compile(
            "(?i)exception|java\\.|vertx|netty|jackson|dev\\.darkroom|postgres|select .* from|insert into|\\bat \\S+\\(");

    private Problems() {}

    /** The answer is a whole problem document of this kind, and does not say how the service is made. */
    public static void assertProblem(Answer answer, int status, String type, String instance) {
        assertThat(answer.status()).as(answer.text()).isEqualTo(status);
        assertThat(answer.header("Content-Type")).isEqualTo("application/problem+json");
        JsonObject problem = answer.json();
        assertThat(problem.getString("type")).isEqualTo("urn:darkroom:problem:" + type);
        assertThat(problem.getInteger("status")).isEqualTo(status);
        assertThat(problem.getString("instance")).isEqualTo(instance);
        assertThat(problem.getString("requestId")).isEqualTo(answer.header("X-Request-Id"));
        assertThat(problem.getString("title")).isNotBlank();
        assertThat(problem.getString("detail")).isNotBlank();
        assertThat(answer.text()).doesNotContainPattern(INSIDE);
        assertThat(answer.headers().toString()).doesNotContainPattern(INSIDE);
    }

    /** What the answer says is wrong: pointer, space, sentence. */
    public static List<String> errors(Answer answer) {
        JsonArray errors = answer.json().getJsonArray("errors", new JsonArray());
        return errors.stream()
                .map(JsonObject.class::cast)
                .map(error -> error.getString("pointer") + " " + error.getString("detail"))
                .toList();
    }
}
