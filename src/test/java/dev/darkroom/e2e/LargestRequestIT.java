package dev.darkroom.e2e;

import static dev.darkroom.testing.ProblemAssertions.assertProblem;
import static dev.darkroom.testing.ProblemAssertions.errorsOf;
import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.ApiClient.ApiResponse;
import dev.darkroom.testing.ClusterClient;
import dev.darkroom.testing.DarkroomExtension;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.FreePort;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Requests at the upper limits of the contract, over HTTP and over the event bus. */
@Timeout(300)
class LargestRequestIT {
    private static final int PORT = FreePort.find();
    private static final int MAX_CODE_POINTS = 32_000;
    /** Four bytes in UTF-8, twelve as JSON escapes. */
    private static final String CODE_POINT = "\ud83d\uddfc";

    private static final String PROMPT = CODE_POINT.repeat(MAX_CODE_POINTS);

    @RegisterExtension
    static final DarkroomExtension service = new DarkroomExtension(DarkroomInstanceSettings.forTests()
            .with("DARKROOM_CLUSTER_ENABLED", "true")
            .with("DARKROOM_CLUSTER_PORT", String.valueOf(PORT))
            .with("DARKROOM_CLUSTER_BUS_PORT", "0"));

    private static JsonObject request(String prompt) {
        return new JsonObject()
                .put("prompt", prompt)
                .put("negativePrompt", PROMPT)
                .put("width", 64)
                .put("height", 64)
                .put("count", 10);
    }

    /** Requires that the AI server got the prompts and that all images exist. */
    private static void assertMade(String id) {
        JsonObject ended = service.client().awaitEnd(id);
        assertThat(ended.getString("status")).as(ended.getString("error")).isEqualTo("COMPLETE");
        assertThat(ended.getString("prompt")).isEqualTo(PROMPT);
        assertThat(ended.getString("negativePrompt")).isEqualTo(PROMPT);
        assertThat(ended.getJsonArray("images")).hasSize(10);
        List<JsonObject> submissions = service.aiServer().recordedRequests(id);
        assertThat(submissions).hasSize(1);
        JsonObject body = submissions.get(0).getJsonObject("body");
        assertThat(body.getString("prompt")).isEqualTo(PROMPT);
        assertThat(body.getString("negative_prompt")).isEqualTo(PROMPT);
        assertThat(body.getInteger("n")).isEqualTo(10);
    }

    @Test
    void makesTenImagesOfTheLongestPromptOverHttp() {
        // given the longest form of the prompts in JSON
        String escaped = request(PROMPT).encode().replace(CODE_POINT, "\\ud83d\\uddfc");
        assertThat(escaped).hasSizeGreaterThan(2 * 12 * MAX_CODE_POINTS);

        // when
        ApiResponse response = service.client().post(escaped);

        // then
        assertThat(response.status()).as(response.text()).isEqualTo(202);
        assertMade(response.json().getString("id"));
    }

    @Test
    void makesTenImagesOfTheLongestPromptOverTheEventBus() {
        try (ClusterClient member = ClusterClient.join(PORT)) {
            // when
            JsonObject reply = member.command(
                    "create", new JsonObject().put("user", "local").put("request", request(PROMPT)));

            // then
            assertThat(reply.containsKey("error"))
                    .as(String.valueOf(reply.getValue("error")))
                    .isFalse();
            assertMade(reply.getJsonObject("generation").getString("id"));

            // and one more code point is rejected
            JsonObject rejected = member.command(
                    "create", new JsonObject().put("user", "local").put("request", request(PROMPT + "x")));
            assertThat(rejected.getJsonObject("error").getJsonArray("errors"))
                    .isEqualTo(new JsonArray()
                            .add(new JsonObject()
                                    .put("pointer", "#/prompt")
                                    .put("detail", "must be at most 32000 characters long")));
        }
    }

    @Test
    void rejectsLongerPromptsAndMoreImages() {
        // when
        ApiResponse longer = service.client().post(request(PROMPT + "x").encode());
        ApiResponse more =
                service.client().post(request(PROMPT).put("count", 11).encode());

        // then
        assertProblem(longer, 400, "invalid-request", "/api/generation");
        assertThat(errorsOf(longer)).containsExactly("#/prompt must be at most 32000 characters long");
        assertThat(errorsOf(more)).containsExactly("#/count must be at most 10");
    }

    @Test
    void pagesOfLongPromptsAreShorter() {
        // given more than a page of prompts with 128,000 bytes, two each
        List<String> created = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            created.add(
                    0, service.client().create(request(PROMPT).put("count", 1)).getString("id"));
        }

        // when
        ApiResponse first = service.client().get("/api/generation?limit=6");
        ApiResponse second = service.client()
                .get("/api/generation?limit=1&cursor=" + first.json().getString("nextCursor"));

        // then
        assertThat(ids(first)).isEqualTo(created.subList(0, 5));
        assertThat(ids(second)).containsExactly(created.get(5));
    }

    private static List<String> ids(ApiResponse page) {
        return page.json().getJsonArray("items").stream()
                .map(item -> ((JsonObject) item).getString("id"))
                .toList();
    }
}
