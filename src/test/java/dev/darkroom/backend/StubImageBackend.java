package dev.darkroom.backend;

import io.vertx.core.Future;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;

/** Backend for tests of limits: it has limits of its own and generates nothing. */
public class StubImageBackend implements ImageBackend {
    private final String name;
    private final RequestLimits limits;

    /** Creates a backend that sends all fields. */
    public StubImageBackend(String name) {
        this(name, RequestLimits.NONE);
    }

    public StubImageBackend(String name, RequestLimits limits) {
        this.name = name;
        this.limits = limits;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public RequestLimits limits(String model) {
        return limits;
    }

    @Override
    public Future<Optional<ServerLimits>> readLimits(String model, Set<String> parameters, Duration timeout) {
        return Future.succeededFuture(Optional.empty());
    }

    @Override
    public Future<BackendOutcome> generate(ImageRequest request, BackendCall backendCall) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Future<Void> close() {
        return Future.succeededFuture();
    }
}
