package dev.darkroom.webhook;

import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.util.Optional;
import java.util.UUID;

/** Renders the payload of a delivery when it is sent, for formats with URLs that expire. Thread-safe. */
public interface PayloadRenderer {

    /** Returns the payload for the end of a generation; empty when the generation was deleted. */
    Future<Optional<Buffer>> render(UUID generationId);
}
