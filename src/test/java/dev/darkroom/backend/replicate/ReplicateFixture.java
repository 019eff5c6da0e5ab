package dev.darkroom.backend.replicate;

import dev.darkroom.backend.ImageBackend;
import dev.darkroom.config.Settings;
import java.net.URI;

/** A {@link ReplicateBackend} with the simulator. */
abstract class ReplicateFixture extends PredictionFixture {
    @Override
    protected Settings.Backend backendSettings() {
        return settings(Settings.BackendType.REPLICATE, "/v1/account");
    }

    @Override
    protected ImageBackend createBackend(URI base) {
        return new ReplicateBackend(
                vertx, backendSettings(), base, memory(), MAX_HEADER_BYTES, InputFields.DEFAULT, POLL_INTERVAL);
    }
}
