package dev.darkroom.image.store;

import dev.darkroom.image.Image;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.vertx.core.Future;
import java.net.URI;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/** Measures the operations of an image store. */
public final class MeasuredImageStore implements ImageStore {
    private enum Operation {
        PUT,
        OPEN,
        PROPERTIES,
        DELETE,
        CHECK
    }

    private enum Outcome {
        OK,
        NOT_FOUND,
        FAILED
    }

    private static final String OUTCOME = "outcome";

    private final ImageStore store;
    private final Map<Operation, Meter.MeterProvider<Timer>> timers = new EnumMap<>(Operation.class);

    /** @param store closed with this one */
    public MeasuredImageStore(ImageStore store, MeterRegistry registry) {
        this.store = store;
        for (Operation operation : Operation.values()) {
            timers.put(
                    operation,
                    Timer.builder("darkroom.image.store.operation")
                            .description("Duration of an operation of the image store")
                            .tag("operation", operation.name())
                            .withRegistry(registry));
        }
    }

    private <T> Future<T> measure(Operation operation, Supplier<Future<T>> call) {
        Timer.Sample sample = Timer.start();
        return call.get().onComplete(done -> {
            Outcome outcome = done.succeeded()
                    ? Outcome.OK
                    : done.cause() instanceof ImageNotFoundException ? Outcome.NOT_FOUND : Outcome.FAILED;
            sample.stop(timers.get(operation).withTag(OUTCOME, outcome.name()));
        });
    }

    @Override
    public Future<Void> put(String key, Image image) {
        return measure(Operation.PUT, () -> store.put(key, image));
    }

    @Override
    public Future<ImageContent> open(String key, long start, long end) {
        return measure(Operation.OPEN, () -> store.open(key, start, end));
    }

    @Override
    public Future<ImageProperties> properties(String key) {
        return measure(Operation.PROPERTIES, () -> store.properties(key));
    }

    @Override
    public Future<Void> delete(String key) {
        return measure(Operation.DELETE, () -> store.delete(key));
    }

    @Override
    public Future<Void> checkWritable() {
        return measure(Operation.CHECK, store::checkWritable);
    }

    @Override
    public Future<Optional<URI>> downloadUrl(String key) {
        return store.downloadUrl(key);
    }

    @Override
    public Future<Void> checkOwner() {
        return store.checkOwner();
    }

    @Override
    public FilePages listStaleFiles(Duration age, int limit) {
        return store.listStaleFiles(age, limit);
    }

    @Override
    public String location() {
        return store.location();
    }

    @Override
    public Future<Void> close() {
        return store.close();
    }
}
