package dev.darkroom.backend.stability;

import dev.darkroom.backend.ImageBackend;
import dev.darkroom.backend.ImageRequest;
import dev.darkroom.backend.InputImages;
import dev.darkroom.backend.SimulatorBackendFixture;
import dev.darkroom.config.BackendSettings;
import dev.darkroom.config.BackendType;
import dev.darkroom.config.TestSettings;
import java.net.URI;
import java.util.List;

/** A {@link StabilityBackend} with the simulator. */
abstract class StabilityFixture extends SimulatorBackendFixture {
    @Override
    protected BackendSettings backendSettings() {
        return settings(
                "type",
                BackendType.STABILITY,
                "downloadNetworks",
                List.of(),
                "breaker",
                TestSettings.with(TestSettings.DEFAULTS.backend().breaker(), "healthCheckPath", "/v1/user/balance"));
    }

    @Override
    protected ImageBackend createBackend(URI base) {
        return new StabilityBackend(vertx, backendSettings(), base, memory(), MAX_HEADER_BYTES, POLL_INTERVAL);
    }

    /** A request makes one image. */
    @Override
    protected ImageRequest request(int count) {
        return request("core", 1280, 720);
    }

    static ImageRequest request(String model, int width, int height) {
        return new ImageRequest("key", "a fox", null, width, height, 1, 7, model, null, InputImages.NONE, 0);
    }
}
