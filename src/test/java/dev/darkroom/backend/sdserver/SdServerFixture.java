package dev.darkroom.backend.sdserver;

import dev.darkroom.backend.ImageBackend;
import dev.darkroom.backend.ImageRequest;
import dev.darkroom.backend.InputImages;
import dev.darkroom.backend.SimulatorBackendFixture;
import dev.darkroom.config.BackendSettings;
import dev.darkroom.config.BackendType;
import dev.darkroom.config.TestSettings;
import java.net.URI;
import java.time.Duration;

/** An {@link SdServerBackend} with the simulator. */
abstract class SdServerFixture extends SimulatorBackendFixture {
    static final Duration POLL_INTERVAL = Duration.ofMillis(50);

    @Override
    protected BackendSettings backendSettings() {
        return settings(
                "type",
                BackendType.SD_SERVER,
                "breaker",
                TestSettings.with(
                        TestSettings.DEFAULTS.backend().breaker(), "healthCheckPath", "/sdcpp/v1/capabilities"));
    }

    @Override
    protected ImageBackend createBackend(URI base) {
        return new SdServerBackend(vertx, backendSettings(), base, memory(), MAX_HEADER_BYTES, POLL_INTERVAL);
    }

    @Override
    protected ImageRequest request(int count) {
        return new ImageRequest("key", "a fox", "text", 96, 64, count, 7, null, null, InputImages.NONE, 0);
    }
}
