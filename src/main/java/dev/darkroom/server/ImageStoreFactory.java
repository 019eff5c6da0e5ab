package dev.darkroom.server;

import dev.darkroom.config.ImageStoreType;
import dev.darkroom.config.S3Settings;
import dev.darkroom.config.Settings;
import dev.darkroom.config.SettingsException;
import dev.darkroom.image.local.LocalImageStore;
import dev.darkroom.image.s3.S3ImageStore;
import dev.darkroom.image.store.ImageStore;
import dev.darkroom.image.store.ImageStoreOwner;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.nio.file.Path;

/** Creates image stores. */
public final class ImageStoreFactory {
    private ImageStoreFactory() {}

    /**
     * Where images are stored.
     *
     * @param directory absolute; null for a bucket
     * @param s3 null for a directory
     */
    public record Location(Path directory, S3Settings s3) {

        /** Returns the location that the settings select. */
        public static Location of(Settings settings) {
            return settings.imageStore() == ImageStoreType.S3
                    ? new Location(null, settings.s3())
                    : new Location(settings.imageDir(), null);
        }
    }

    /**
     * Opens an image store for reading and writing.
     *
     * @param owner the database that the images belong to
     * @return fails with a {@link SettingsException} when the store is not writable or belongs to another database
     */
    public static Future<ImageStore> open(Vertx vertx, Location location, ImageStoreOwner owner) {
        return location.s3() != null
                ? S3ImageStore.open(vertx, location.s3(), owner)
                : LocalImageStore.open(vertx, location.directory(), owner).map(store -> store);
    }

    /** Opens the image store that the settings select. */
    public static Future<ImageStore> open(Vertx vertx, Settings settings, ImageStoreOwner owner) {
        return open(vertx, Location.of(settings), owner);
    }

    /** Creates an image store for reading. Checks and changes nothing. */
    public static ImageStore forReading(Vertx vertx, Location location, ImageStoreOwner owner) {
        return location.s3() != null
                ? S3ImageStore.forReading(vertx, location.s3(), owner)
                : LocalImageStore.forReading(vertx, location.directory(), owner);
    }

    /** Creates the image store that the settings select, for reading. */
    public static ImageStore forReading(Vertx vertx, Settings settings, ImageStoreOwner owner) {
        return forReading(vertx, Location.of(settings), owner);
    }
}
