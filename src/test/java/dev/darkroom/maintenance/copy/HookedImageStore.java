package dev.darkroom.maintenance.copy;

import dev.darkroom.image.Image;
import dev.darkroom.image.store.ImageContent;
import dev.darkroom.image.store.ImageStore;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

/** Passes each call to another store, and runs something before each {@code put}. */
final class HookedImageStore implements ImageStore {
    private final ImageStore store;
    private final Function<String, Future<Void>> beforePut;
    final AtomicInteger puts = new AtomicInteger();
    final AtomicInteger opens = new AtomicInteger();
    final AtomicInteger examinations = new AtomicInteger();

    /** @param beforePut receives the key. When it fails, nothing is stored */
    HookedImageStore(ImageStore store, Function<String, Future<Void>> beforePut) {
        this.store = store;
        this.beforePut = beforePut;
    }

    @Override
    public Future<Void> put(String key, Image image) {
        return beforePut.apply(key).compose(done -> {
            puts.incrementAndGet();
            return store.put(key, image);
        });
    }

    @Override
    public Future<ImageContent> open(String key, long start, long end) {
        opens.incrementAndGet();
        return store.open(key, start, end);
    }

    @Override
    public Future<ImageProperties> properties(String key) {
        examinations.incrementAndGet();
        return store.properties(key);
    }

    @Override
    public Future<Void> checkWritable() {
        return store.checkWritable();
    }

    @Override
    public Future<Void> checkOwner() {
        return store.checkOwner();
    }

    @Override
    public Future<Void> delete(String key) {
        return store.delete(key);
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
