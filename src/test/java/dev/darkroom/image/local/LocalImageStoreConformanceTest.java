package dev.darkroom.image.local;

import dev.darkroom.image.store.ImageStore;
import dev.darkroom.image.store.ImageStoreConformance;
import dev.darkroom.image.store.ImageStoreOwner;
import io.vertx.core.Future;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

class LocalImageStoreConformanceTest extends ImageStoreConformance {
    @TempDir
    Path directory;

    @Override
    protected Future<ImageStore> open(ImageStoreOwner storeOwner) {
        return LocalImageStore.open(vertx, directory.resolve("images"), storeOwner)
                .map(store -> store);
    }

    @Override
    protected void removeMarker() throws IOException {
        Files.delete(directory.resolve("images/.darkroom"));
    }
}
