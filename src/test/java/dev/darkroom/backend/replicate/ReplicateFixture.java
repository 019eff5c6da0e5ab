package dev.darkroom.backend.replicate;

import dev.darkroom.backend.ImageBackend;
import dev.darkroom.backend.http.InputFields;
import dev.darkroom.config.BackendSettings;
import dev.darkroom.config.BackendType;
import java.net.URI;

/** A {@link ReplicateBackend} with the simulator. */
abstract class ReplicateFixture extends PredictionFixture {
    @Override
    protected BackendSettings backendSettings() {
        return settings(BackendType.REPLICATE, "/v1/account");
    }

    @Override
    protected ImageBackend createBackend(URI base) {
        return new ReplicateBackend(
                vertx, backendSettings(), base, memory(), MAX_HEADER_BYTES, InputFields.DEFAULT, POLL_INTERVAL);
    }
}
