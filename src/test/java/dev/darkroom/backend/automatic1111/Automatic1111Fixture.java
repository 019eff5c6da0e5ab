package dev.darkroom.backend.automatic1111;

import dev.darkroom.backend.ImageBackend;
import dev.darkroom.backend.ImageRequest;
import dev.darkroom.backend.InputImages;
import dev.darkroom.backend.SimulatorBackendFixture;
import dev.darkroom.config.BackendSettings;
import dev.darkroom.config.BackendType;
import dev.darkroom.config.Secret;
import dev.darkroom.config.TestSettings;
import java.net.URI;
import java.time.Duration;

/** An {@link Automatic1111Backend} with the simulator. */
abstract class Automatic1111Fixture extends SimulatorBackendFixture {
    private static final Duration PROGRESS_INTERVAL = Duration.ofMillis(20);

    @Override
    protected BackendSettings backendSettings() {
        return settings("type", BackendType.AUTOMATIC1111, "apiKey", new Secret(""));
    }

    @Override
    protected ImageBackend createBackend(URI base) {
        return createBackend(base, new Object[0]);
    }

    /** @param namesAndValues name and value of each changed setting, alternating */
    Automatic1111Backend createBackend(URI base, Object... namesAndValues) {
        return new Automatic1111Backend(
                vertx,
                TestSettings.with(backendSettings(), namesAndValues),
                base,
                memory(),
                MAX_HEADER_BYTES,
                PROGRESS_INTERVAL);
    }

    @Override
    protected ImageRequest request(int count) {
        return new ImageRequest("key", "a fox", null, 96, 64, count, 7, null, null, InputImages.NONE, 0);
    }
}
