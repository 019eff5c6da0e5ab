package dev.darkroom.backend.replicate;

import dev.darkroom.backend.ImageBackend;
import dev.darkroom.backend.http.InputFields;
import dev.darkroom.config.BackendSettings;
import dev.darkroom.config.BackendType;
import java.net.URI;

/** A {@link CogBackend} with the simulator. */
abstract class CogFixture extends PredictionFixture {
    @Override
    protected BackendSettings backendSettings() {
        return settings(BackendType.COG, "/health-check");
    }

    @Override
    protected ImageBackend createBackend(URI base) {
        return new CogBackend(vertx, backendSettings(), base, memory(), MAX_HEADER_BYTES, InputFields.DEFAULT);
    }
}
