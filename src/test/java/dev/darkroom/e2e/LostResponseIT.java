package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.DarkroomInstance;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.GeneratedDocumentSection;
import dev.darkroom.testing.InProcessDarkroom;
import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * An AI server of each protocol accepts a submission, and its response is lost. Generates the table of submissions in {@code
 * docs/backends/README.md}; {@code FaultInjectionPointIT} verifies its scenarios with killed processes.
 */
@Timeout(300)
class LostResponseIT {
    private static final GeneratedDocumentSection TABLE = new GeneratedDocumentSection(
            "docs/backends/README.md",
            "submissions",
            "a run of LostResponseIT and the scenarios of FaultInjectionPointIT",
            "./mvnw test-compile failsafe:integration-test@end-to-end -Dit.test=LostResponseIT");

    /** Protocol and the submissions after a lost response. */
    private record Expected(String protocol, int submissions, String error) {}

    private static final List<Expected> EXPECTED = List.of(
            new Expected("openai", 2, null),
            new Expected("automatic1111", 2, null),
            new Expected("cog", 2, null),
            new Expected("sd_server", 2, null),
            new Expected("fal", 1, "OUTCOME_UNKNOWN"),
            new Expected("replicate", 1, "OUTCOME_UNKNOWN"),
            new Expected("bfl", 1, "OUTCOME_UNKNOWN"),
            new Expected("stability", 1, "OUTCOME_UNKNOWN"),
            new Expected("comfyui", 1, null),
            new Expected("callback", 1, null));

    @TempDir
    Path directory;

    @Test
    void submitsOnceWhereALookUpExists() throws Exception {
        StringBuilder table = new StringBuilder("| protocol | connection dropped after accept |"
                + " killed before the call | after accept | after the response | before the commit | after the commit |\n"
                + "|---|---|---|---|---|---|---|\n");
        try (InProcessSimulator simulator = new InProcessSimulator(Duration.ofMillis(5));
                DarkroomInstance darkroom = start(simulator)) {
            for (Expected expected : EXPECTED) {
                // given
                simulator.reset();
                simulator.script(new JsonObject().put("dropAccepted", true));

                // when
                JsonObject generation = generate(darkroom.client(), expected.protocol());

                // then
                JsonObject error = generation.getJsonObject("error");
                assertThat(error == null ? null : error.getString("code"))
                        .as(expected.protocol())
                        .isEqualTo(expected.error());
                assertThat(simulator.recordedRequests()).as(expected.protocol()).hasSize(expected.submissions());
                table.append(row(expected));
            }
        }
        TABLE.assertContent(table.toString());
    }

    private DarkroomInstance start(InProcessSimulator simulator) throws Exception {
        Path workflow = Path.of("conf/examples/comfyui-workflow.json").toAbsolutePath();
        String root = "http://127.0.0.1:" + simulator.port();
        Path conf = Files.writeString(directory.resolve("protocols.yaml"), """
                backends:
                  openai:
                    url: %1$s/v1
                  automatic1111:
                    type: automatic1111
                    url: %1$s
                  cog:
                    type: cog
                    url: %1$s
                  sd-server:
                    type: sd_server
                    url: %1$s
                  fal:
                    type: fal
                    url: %1$s/fal
                  replicate:
                    type: replicate
                    url: %1$s
                  bfl:
                    type: bfl
                    url: %1$s
                  stability:
                    type: stability
                    url: %1$s
                  comfyui:
                    type: comfyui
                    url: %1$s
                    workflow: %2$s
                  callback:
                    type: callback
                    url: %1$s/callback/jobs
                models:
                  openai: openai
                  automatic1111: automatic1111
                  cog: cog
                  sd_server: sd-server
                  fal: fal/acme/painter
                  replicate: replicate/acme/painter
                  bfl: bfl/flux-2-pro
                  stability: stability/core
                  comfyui: comfyui
                  callback: callback
                """.formatted(root, workflow));
        return InProcessDarkroom.start(
                directory,
                DarkroomInstanceSettings.forTests()
                        .database(TestPostgres.migratedDatabase())
                        .with("DARKROOM_CONF", conf.toString()));
    }

    private static JsonObject generate(ApiClient client, String model) {
        JsonObject request = new JsonObject().put("prompt", "a pier").put("model", model);
        return client.awaitEnd(client.create(request).getString("id"));
    }

    private static String row(Expected expected) {
        List<String> cells = new ArrayList<>();
        cells.add("[`" + expected.protocol() + "`](" + expected.protocol() + ".md#look-up)");
        cells.add(cell(expected.submissions(), expected.error()));
        for (String point : KillScenario.POINTS) {
            cells.add(KillScenario.all()
                    .filter(scenario -> scenario.protocol().equals(expected.protocol()))
                    .filter(scenario -> scenario.point().equals(point))
                    .findFirst()
                    .map(scenario -> cell(scenario.submittedInTotal(), scenario.error()))
                    .orElse(""));
        }
        return "| " + String.join(" | ", cells) + " |\n";
    }

    private static String cell(int submissions, String error) {
        return error == null ? "" + submissions : submissions + ", `" + error + "`";
    }
}
