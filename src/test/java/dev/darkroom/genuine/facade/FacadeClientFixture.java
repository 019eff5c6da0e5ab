package dev.darkroom.genuine.facade;

import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.InProcessSimulator;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** Starts a service and a simulator for each test of a client. */
abstract class FacadeClientFixture {
    @TempDir
    Path directory;

    InProcessSimulator simulator;
    FacadeServer server;

    @BeforeEach
    final void start() throws Exception {
        simulator = new InProcessSimulator(Duration.ofMillis(5));
        server = FacadeServer.start(directory, simulator, this::configure);
    }

    @AfterEach
    final void stop() {
        server.close();
        simulator.close();
    }

    /** Adds settings of the service. */
    void configure(DarkroomInstanceSettings settings) {}

    /** Returns the environment of a client program that runs steps by their names. */
    final Map<String, String> environment(URI api, String steps) throws Exception {
        return Map.of(
                "API", api.toString(), "KEY", server.key(), "STEPS", steps, "IMAGE", OpenAiClient.imageInBase64());
    }
}
