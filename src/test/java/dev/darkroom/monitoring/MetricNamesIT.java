package dev.darkroom.monitoring;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.DarkroomExtension;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.SseClient;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** {@code promtool check metrics} on the metrics of a service under load. */
@Tag("monitoring")
class MetricNamesIT {
    @RegisterExtension
    static final DarkroomExtension service =
            new DarkroomExtension(DarkroomInstanceSettings.forTests().smallProcess());

    private static final int GENERATIONS = 200;

    @TempDir
    Path directory;

    @Test
    void promtoolFindsNoProblem() throws Exception {
        // given
        service.aiServer()
                .script(
                        new JsonObject().put("status", 500).put("times", 20),
                        new JsonObject().put("status", 429).put("retryAfter", 1));
        String text;
        try (SseClient stream = SseClient.openNotifications(service.client())) {
            List<String> ids = IntStream.range(0, GENERATIONS)
                    .mapToObj(i -> service.client().create("a boat"))
                    .toList();
            stream.awaitEvent("notification");

            // when
            text = new ApiClient(service.darkroom().management())
                    .get("/metrics")
                    .text();
            ids.forEach(id -> service.client().awaitEnd(id, Duration.ofMinutes(2)));
        }

        // then
        assertThat(text).contains("darkroom_attempts_total{");
        assertThat(problems(text)).isEmpty();
    }

    private String problems(String text) throws IOException, InterruptedException {
        Path metrics = Files.writeString(directory.resolve("metrics.txt"), text);
        Process process = MonitoringTools.start(new ProcessBuilder("promtool", "check", "metrics")
                .redirectInput(metrics.toFile())
                .redirectErrorStream(true));
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor();
        return output;
    }
}
