package dev.darkroom.image.local;

import dev.darkroom.config.FileErrorMessage;
import dev.darkroom.config.SettingsException;
import dev.darkroom.image.Image;
import dev.darkroom.image.store.ImageContent;
import dev.darkroom.image.store.ImageNotFoundException;
import dev.darkroom.image.store.ImageStore;
import dev.darkroom.image.store.ImageStoreOwner;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Stores images as files below one directory, which several processes may share. File operations run on a separate worker pool,
 * {@code darkroom-image-store}, never on an event loop. Thread-safe.
 */
public final class LocalImageStore implements ImageStore {
    /** Allows a dot only before the extension, so that a key cannot leave the directory or name a hidden file. */
    private static final Pattern KEY_PATTERN =
            Pattern.compile("(?:[0-9a-z]{1,16}/){0,4}[0-9A-Za-z_-]{1,128}\\.[0-9a-z]{1,8}");

    /** The threads mostly wait for the disk. The file system combines concurrent syncs. */
    private static final int WORKER_THREADS = 16;

    private final Path directory;
    private final WorkerExecutor workers;
    private final ImageFileWriter fileWriter;
    private final ImageDirectoryMarker marker;
    private final ImageStoreOwner owner;
    private final boolean readOnly;

    private LocalImageStore(Vertx vertx, Path directory, ImageStoreOwner owner, boolean readOnly) {
        this.directory = directory;
        this.workers = vertx.createSharedWorkerExecutor("darkroom-image-store", WORKER_THREADS);
        this.fileWriter = new ImageFileWriter(directory);
        this.owner = owner;
        this.readOnly = readOnly;
        this.marker = new ImageDirectoryMarker(directory, owner.databaseId());
    }

    /**
     * Opens the store. Creates its directory if it does not exist.
     *
     * @param directory an absolute path
     * @param owner the database that the images belong to
     * @return fails with a {@link SettingsException} when the directory cannot be created, is not writable or belongs to another
     *     database
     */
    public static Future<LocalImageStore> open(Vertx vertx, Path directory, ImageStoreOwner owner) {
        LocalImageStore store = new LocalImageStore(vertx, directory, owner, false);
        return store.checkWritable()
                .compose(checked -> store.runBlocking(store.fileWriter::deleteAbandoned))
                .map(store)
                .recover(failure -> store.close()
                        .transform(closed -> Future.failedFuture(
                                new SettingsException("DARKROOM_IMAGE_DIR: expected a writable directory, got \""
                                        + directory + "\" (" + FileErrorMessage.of(failure) + ")"))));
    }

    /**
     * Creates a store that checks and creates nothing. For reading only.
     *
     * @param directory an absolute path
     */
    public static LocalImageStore forReading(Vertx vertx, Path directory, ImageStoreOwner owner) {
        return new LocalImageStore(vertx, directory, owner, true);
    }

    @Override
    public Future<Void> put(String key, Image image) {
        if (!KEY_PATTERN.matcher(key).matches()) {
            return Future.failedFuture(new IllegalArgumentException("not a storage key: " + key));
        }
        return runBlocking(() -> {
            marker.requirePresent();
            fileWriter.write(directory.resolve(key), image.bytes());
        });
    }

    /** Also writes the marker of a directory that is new, or that has images of the database and no marker. */
    @Override
    public Future<Void> checkWritable() {
        return workers.executeBlocking(marker::isPresent, false)
                .compose(present -> present ? Future.succeededFuture() : markDirectory())
                .compose(marked -> runBlocking(() -> {
                    fileWriter.createDirectories();
                    fileWriter.checkWritable();
                }));
    }

    @Override
    public Future<Void> checkOwner() {
        return runBlocking(marker::requirePresent);
    }

    private Future<Void> markDirectory() {
        return owner.sampleKeys()
                .get()
                .compose(keys -> runBlocking(() -> {
                    if (!keys.isEmpty() && keys.stream().noneMatch(key -> Files.exists(directory.resolve(key)))) {
                        throw marker.missingImagesException();
                    }
                    fileWriter.createDirectories();
                    marker.write(fileWriter);
                }));
    }

    private interface BlockingAction {
        void run() throws IOException;
    }

    private Future<Void> runBlocking(BlockingAction action) {
        return workers.executeBlocking(
                () -> {
                    action.run();
                    return null;
                },
                false);
    }

    @Override
    public Future<ImageContent> open(String key, long start, long end) {
        if (!KEY_PATTERN.matcher(key).matches()) {
            return Future.failedFuture(new ImageNotFoundException(key));
        }
        return workers.executeBlocking(() -> new LocalImageContent(openFile(key, start), workers), false);
    }

    private FileChannel openFile(String key, long start) throws IOException {
        try {
            return FileChannel.open(directory.resolve(key), StandardOpenOption.READ)
                    .position(start);
        } catch (NoSuchFileException e) {
            // In an unmounted directory the file seems to be missing, although it exists.
            marker.requirePresent();
            throw new ImageNotFoundException(key);
        }
    }

    @Override
    public Future<ImageProperties> properties(String key) {
        if (!KEY_PATTERN.matcher(key).matches()) {
            return Future.failedFuture(new ImageNotFoundException(key));
        }
        return workers.executeBlocking(
                () -> {
                    try {
                        return new ImageProperties(Files.size(directory.resolve(key)), Optional.empty());
                    } catch (NoSuchFileException e) {
                        throw new ImageNotFoundException(key);
                    }
                },
                false);
    }

    @Override
    public Future<Void> delete(String key) {
        if (!KEY_PATTERN.matcher(key).matches()) {
            return Future.failedFuture(new IllegalArgumentException("not a storage key: " + key));
        }
        return runBlocking(() -> {
            // In an unmounted directory the file seems to be missing, although it exists.
            marker.requirePresent();
            Files.deleteIfExists(directory.resolve(key));
        });
    }

    @Override
    public FilePages listStaleFiles(Duration age, int limit) {
        StaleFileScanner scanner = new StaleFileScanner(
                directory, () -> (readOnly ? Instant.now() : fileWriter.fileSystemTime()).minus(age));
        return () -> workers.executeBlocking(() -> scanner.nextPage(limit, KEY_PATTERN.asMatchPredicate()), false);
    }

    @Override
    public String location() {
        return directory.toString();
    }

    /** Stops the worker threads. */
    @Override
    public Future<Void> close() {
        return workers.close();
    }
}
