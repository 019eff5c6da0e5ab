package dev.darkroom.backend.fal;

import dev.darkroom.backend.ImageBackend;
import dev.darkroom.backend.ImageRequest;
import dev.darkroom.backend.InputImages;
import dev.darkroom.backend.SimulatorBackendFixture;
import dev.darkroom.config.BackendSettings;
import dev.darkroom.config.BackendType;
import dev.darkroom.config.TestSettings;
import java.net.URI;
import java.time.Duration;
import java.util.List;

/** A {@link FalBackend} with the simulator. */
abstract class FalFixture extends SimulatorBackendFixture {
    static final String MODEL = "acme/painter/fast";
    static final Duration POLL_INTERVAL = Duration.ofMillis(50);

    @Override
    protected BackendSettings backendSettings() {
        return settings(
                "type",
                BackendType.FAL,
                "downloadNetworks",
                List.of(),
                "breaker",
                TestSettings.with(TestSettings.DEFAULTS.backend().breaker(), "healthCheckPath", "/health"));
    }

    @Override
    protected ImageBackend createBackend(URI base) {
        return createBackendAt(base.resolve("/fal"));
    }

    protected FalBackend createBackendAt(URI base) {
        return new FalBackend(
                vertx, backendSettings(), base, memory(), MAX_HEADER_BYTES, FalBackend.DEFAULT_INPUTS, POLL_INTERVAL);
    }

    @Override
    protected ImageRequest request(int count) {
        return request(count, MODEL);
    }

    static ImageRequest request(int count, String model) {
        return new ImageRequest("key", "a fox", null, 96, 64, count, 7, model, null, InputImages.NONE, 0);
    }
}
