package dev.darkroom.genuine.facade;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.genuine.GenuineTools;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** LangChain4j, unmodified, with the URL of Darkroom. */
@Tag("genuine")
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class LangChain4jFacadeGenuineIT extends FacadeClientFixture {
    private static final String TOOL = "langchain4j";

    private List<String> run(URI api, String steps) throws Exception {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        String classPath = System.getProperty("java.class.path");
        return GenuineTools.run(TOOL, environment(api, steps), java, "-cp", classPath, "LangChain4jClient.java")
                .lines()
                .toList();
    }

    @Test
    void receivesImagesAndErrors() throws Exception {
        // given
        simulator.script(new JsonObject().put("ok", true).put("times", 2), new JsonObject().put("moderation", true));

        // then
        assertThat(run(server.api(), "image edit key model size moderation"))
                .containsExactly(
                        "image PNG",
                        "edit PNG",
                        "key 401 invalid_api_key",
                        "model 404 model_not_found",
                        "size 400 invalid_value",
                        "moderation 400 moderation_blocked");
    }

    /** It does not repeat the call. */
    @Test
    void lostConnectionLeavesTheGenerationToFetch() throws Exception {
        // given
        simulator.script(new JsonObject().put("delay", "3s"));

        // when
        List<String> printed = server.runWithCut(api -> run(api, "cut"));

        // then
        assertThat(printed).containsExactly("cut connection");
        server.awaitCompleteGenerations(1);
        assertThat(simulator.recordedRequests()).hasSize(1);
    }
}
