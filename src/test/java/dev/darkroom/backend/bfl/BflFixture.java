package dev.darkroom.backend.bfl;

import dev.darkroom.backend.ImageBackend;
import dev.darkroom.backend.ImageRequest;
import dev.darkroom.backend.InputImages;
import dev.darkroom.backend.SimulatorBackendFixture;
import dev.darkroom.config.BackendSettings;
import dev.darkroom.config.BackendType;
import dev.darkroom.config.TestSettings;
import java.net.URI;
import java.util.List;

/** A {@link BflBackend} with the simulator. */
abstract class BflFixture extends SimulatorBackendFixture {
    static final String MODEL = "flux-2-pro";

    @Override
    protected BackendSettings backendSettings() {
        return settings(
                "type",
                BackendType.BFL,
                "downloadNetworks",
                List.of(),
                "breaker",
                TestSettings.with(TestSettings.DEFAULTS.backend().breaker(), "healthCheckPath", "/v1/credits"));
    }

    @Override
    protected ImageBackend createBackend(URI base) {
        return new BflBackend(vertx, backendSettings(), base, memory(), MAX_HEADER_BYTES, POLL_INTERVAL);
    }

    /** A task makes one image. */
    @Override
    protected ImageRequest request(int count) {
        return request(MODEL);
    }

    static ImageRequest request(String model) {
        return new ImageRequest("key", "a fox", null, 96, 64, 1, 7, model, null, InputImages.NONE, 0);
    }
}
