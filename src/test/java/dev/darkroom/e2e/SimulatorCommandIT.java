package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.DarkroomInstanceProcess;
import dev.darkroom.testing.LogLines;
import io.vertx.core.json.JsonObject;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The bundled AI server as a process of its own. */
@Timeout(300)
class SimulatorCommandIT {
    @TempDir
    Path directory;

    @Test
    void servesImagesUntilStopped() throws Exception {
        // given
        Map<String, String> environment = Map.of(
                "DARKROOM_SIMULATOR_PORT",
                "0",
                "DARKROOM_SIMULATOR_LATENCY",
                "10ms",
                "DARKROOM_SIMULATOR_MOOD",
                "fair");
        try (DarkroomInstanceProcess simulator =
                DarkroomInstanceProcess.launch(directory, environment, List.of(), "simulator")) {
            String url = simulator.awaitLine("AI server +http").replaceFirst(".*(http\\S+)", "$1");

            // when
            JsonObject request = new JsonObject()
                    .put("prompt", "A lighthouse at dusk")
                    .put("size", "320x200")
                    .put("response_format", "b64_json");
            HttpResponse<String> response = HttpClient.newHttpClient()
                    .send(
                            HttpRequest.newBuilder(URI.create(url + "/images/generations"))
                                    .header("Content-Type", "application/json")
                                    .POST(BodyPublishers.ofString(request.encode()))
                                    .build(),
                            BodyHandlers.ofString());

            // then
            assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
            String encoded = new JsonObject(response.body())
                    .getJsonArray("data")
                    .getJsonObject(0)
                    .getString("b64_json");
            BufferedImage image =
                    ImageIO.read(new ByteArrayInputStream(Base64.getDecoder().decode(encoded)));
            assertThat(image.getWidth()).isEqualTo(320);
            assertThat(simulator.stop()).isZero();
            assertThat(simulator.errors()).isEmpty();
            assertThat(directory).isEmptyDirectory();
            // and an unknown setting only causes a warning
            assertThat(LogLines.withoutBlockedThreadWarnings(simulator.log()))
                    .filteredOn(line -> line.contains(" WARN "))
                    .singleElement()
                    .asString()
                    .contains("DARKROOM_SIMULATOR_MOOD");
        }
    }
}
