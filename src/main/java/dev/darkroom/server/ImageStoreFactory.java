package dev.darkroom.server;

import dev.darkroom.config.ImageStoreType;
import dev.darkroom.config.Settings;
import dev.darkroom.config.SettingsException;
import dev.darkroom.image.local.LocalImageStore;
import dev.darkroom.image.s3.S3ImageStore;
import dev.darkroom.image.store.ImageStore;
import dev.darkroom.image.store.ImageStoreOwner;
import io.vertx.core.Future;
import io.vertx.core.Vertx;

/** Creates the image store that the settings select. */
public final class ImageStoreFactory {
    private ImageStoreFactory() {}

    /**
     * Opens the image store for reading and writing.
     *
     * @param owner the database that the images belong to
     * @return fails with a {@link SettingsException} when the store is not writable or belongs to another database
     */
    public static Future<ImageStore> open(Vertx vertx, Settings settings, ImageStoreOwner owner) {
        return settings.imageStore() == ImageStoreType.S3
                ? S3ImageStore.open(vertx, settings.s3(), owner)
                : LocalImageStore.open(vertx, settings.imageDir(), owner).map(store -> store);
    }

    /** Creates the image store for reading. Checks and changes nothing. */
    public static ImageStore forReading(Vertx vertx, Settings settings, ImageStoreOwner owner) {
        return settings.imageStore() == ImageStoreType.S3
                ? S3ImageStore.forReading(vertx, settings.s3(), owner)
                : LocalImageStore.forReading(vertx, settings.imageDir(), owner);
    }
}
