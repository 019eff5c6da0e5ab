package dev.darkroom.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.testing.DarkroomInstanceProcess;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.FreePort;
import dev.darkroom.testing.TestPostgres;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Starts the jar with the files and the environment of a pod, without Kubernetes. */
@Tag("helm")
@Timeout(300)
class PodStartIT {
    @TempDir
    Path directory;

    @Test
    @DisplayName(
            "The jar starts as in a pod, passes the probes, stops in the grace period and writes to its volumes only")
    void startsAndStops() throws Exception {
        // given
        RenderedChart chart = HelmTools.template(
                "minimal",
                HelmTools.KUBERNETES_VERSIONS.get(0),
                "--set",
                "settings.imageStore=local,replicas=1,settings.http.port=%d,settings.management.port=%d,settings.simulator.port=%d"
                        .formatted(FreePort.find(), FreePort.find(), FreePort.find()));
        JsonNode pod = chart.pods().get(0);
        DatabaseUrl database = TestPostgres.newDatabase();
        Map<String, String> environment =
                PodSettings.prepare(chart, pod, directory, DarkroomInstanceSettings.urlOf(database));
        Path volume = Files.createDirectories(directory.resolve("var/lib/darkroom"));
        Path temporary = Files.createDirectories(directory.resolve("tmp"));

        try (DarkroomInstanceProcess process =
                DarkroomInstanceProcess.launch(volume, environment, List.of("-Djava.io.tmpdir=" + temporary))) {
            // when
            process.awaitReady();

            // then
            for (String probe : List.of("startupProbe", "readinessProbe", "livenessProbe")) {
                assertThat(status(pod, probe)).as(probe).isEqualTo(200);
            }
            assertThat(process.log()).allMatch(line -> line.startsWith("{"));
            assertThat(volume.resolve("images")).isDirectory();

            // when
            long started = System.nanoTime();
            int exitCode = process.stop();

            // then
            assertThat(exitCode).isZero();
            assertThat(Duration.ofNanos(System.nanoTime() - started))
                    .isLessThan(Duration.ofSeconds(
                            pod.at("/spec/terminationGracePeriodSeconds").asLong()));
        }
    }

    private static int status(JsonNode pod, String probe) throws Exception {
        JsonNode container = RenderedChart.container(pod);
        JsonNode request = container.path(probe).path("httpGet");
        int port = RenderedChart.named(
                        container.path("ports"), request.path("port").asText())
                .path("containerPort")
                .asInt();
        URI uri = URI.create("http://127.0.0.1:" + port + request.path("path").asText());
        return HttpClient.newHttpClient()
                .send(HttpRequest.newBuilder(uri).build(), BodyHandlers.discarding())
                .statusCode();
    }
}
