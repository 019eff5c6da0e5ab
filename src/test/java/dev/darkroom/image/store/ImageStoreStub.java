package dev.darkroom.image.store;

import dev.darkroom.image.Image;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.List;

/** Accepts every image immediately and stores none. */
public class ImageStoreStub implements ImageStore {
    @Override
    public Future<Void> put(String key, Image image) {
        return Future.succeededFuture();
    }

    @Override
    public Future<ImageContent> open(String key, long start, long end) {
        return Future.failedFuture(new ImageNotFoundException(key));
    }

    @Override
    public Future<ImageProperties> properties(String key) {
        return Future.failedFuture(new ImageNotFoundException(key));
    }

    @Override
    public Future<Void> checkWritable() {
        return Future.succeededFuture();
    }

    @Override
    public Future<Void> checkOwner() {
        return Future.succeededFuture();
    }

    @Override
    public Future<Void> delete(String key) {
        return Future.succeededFuture();
    }

    @Override
    public FilePages listStaleFiles(Duration age, int limit) {
        return () -> Future.succeededFuture(List.of());
    }

    @Override
    public String location() {
        return "nowhere";
    }

    @Override
    public Future<Void> close() {
        return Future.succeededFuture();
    }
}
