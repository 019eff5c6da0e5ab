package dev.darkroom.genuine.facade;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.genuine.GenuineTools;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The AI SDK of Vercel, unmodified, with the URL of Darkroom. */
@Tag("genuine")
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class VercelAiFacadeGenuineIT extends FacadeClientFixture {
    private static final String TOOL = "vercel-ai";

    private List<String> run(URI api, String steps) throws Exception {
        GenuineTools.installNode(TOOL);
        return GenuineTools.run(TOOL, environment(api, steps), "npm", "run", "--silent", "client")
                .lines()
                .toList();
    }

    @Test
    void receivesImagesAndErrors() throws Exception {
        // given
        simulator.script(new JsonObject().put("ok", true).put("times", 3), new JsonObject().put("moderation", true));

        // then
        assertThat(run(server.api(), "one several edit key model size moderation"))
                .containsExactly(
                        "one image/png true",
                        "several image/png true image/png true",
                        "edit image/png true",
                        "key 401 invalid_api_key",
                        "model 404 model_not_found",
                        "size 400 invalid_value",
                        "moderation 400 moderation_blocked");
    }

    /** Its retries do not say that they are retries, so only a key of the caller attaches them. */
    @ParameterizedTest
    @CsvSource({"cut, 2", "idempotent, 1"})
    void automaticRetryAfterALostConnectionSubmitsOnceWithAKey(String step, int submissions) throws Exception {
        // given
        simulator.script(new JsonObject().put("delay", "3s"));

        // when
        List<String> printed = server.runWithCut(api -> run(api, step));

        // then
        assertThat(printed).containsExactly(step + " image/png true");
        assertThat(simulator.recordedRequests()).hasSize(submissions);
    }
}
