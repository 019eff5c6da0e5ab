package dev.darkroom.image.local;

import dev.darkroom.config.FileErrorMessage;
import dev.darkroom.config.SettingsException;
import dev.darkroom.image.Image;
import dev.darkroom.image.ImageNotFoundException;
import dev.darkroom.image.ImageStore;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.streams.ReadStream;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * Pictures as files below one directory, which several processes may share. Disk work runs on worker threads of its
 * own ("darkroom-images"), never on an event loop. Thread-safe.
 */
public final class LocalImageStore implements ImageStore {
    /** No dots but the one before the extension: no way out of the directory, no hidden files. */
    private static final Pattern KEY_PATTERN =
            Pattern.compile("(?:[0-9a-z]{1,16}/){0,4}[0-9A-Za-z_-]{1,128}\\.[0-9a-z]{1,8}");

    /** They wait for the disk rather than work, and what is synced at the same time is synced together. */
    private static final int WORKER_THREADS = 16;

    private final Vertx vertx;
    private final Path directory;
    private final WorkerExecutor workers;
    private final DurableFileWriter fileWriter;
    private final ImageDirectoryMarker marker;
    private final ImageDirectoryOwner owner;

    private LocalImageStore(Vertx vertx, Path dir, ImageDirectoryOwner identity) {
        this.vertx = vertx;
        this.directory = dir;
        this.workers = vertx.createSharedWorkerExecutor("darkroom-images", WORKER_THREADS);
        this.fileWriter = new DurableFileWriter(dir);
        this.owner = identity;
        this.marker = new ImageDirectoryMarker(dir, identity.databaseId());
    }

    /**
     * Opens the store, making its directory where it does not exist.
     *
     * @param dir absolute
     * @param identity whose images it is for
     * @return fails with a {@link SettingsException} when the directory cannot be made or written to, or belongs to another
     *     database
     */
    public static Future<LocalImageStore> open(Vertx vertx, Path dir, ImageDirectoryOwner identity) {
        LocalImageStore store = new LocalImageStore(vertx, dir, identity);
        return store.checkWritable()
                .compose(checked -> store.runBlocking(store.fileWriter::deleteAbandoned))
                .map(store)
                .recover(failure -> store.close()
                        .transform(closed -> Future.failedFuture(new SettingsException(
                                "DARKROOM_IMAGE_DIR: expected a directory that can be written to, got \"" + dir + "\" ("
                                        + FileErrorMessage.of(failure) + ")"))));
    }

    @Override
    public Future<Void> put(String key, Image picture) {
        if (!KEY_PATTERN.matcher(key).matches()) {
            return Future.failedFuture(new IllegalArgumentException("not a storage key: " + key));
        }
        return runBlocking(() -> {
            marker.requirePresent();
            fileWriter.write(directory.resolve(key), picture.bytes());
        });
    }

    /** Also marks a directory that is new, or has images of the database and no marker yet. */
    @Override
    public Future<Void> checkWritable() {
        return workers.executeBlocking(marker::isPresent, false)
                .compose(present -> present ? Future.succeededFuture() : markDirectory())
                .compose(marked -> runBlocking(() -> {
                    fileWriter.createDirectories();
                    fileWriter.checkWritable();
                }));
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

    private Future<Void> runBlocking(BlockingAction blockingAction) {
        return workers.executeBlocking(
                () -> {
                    blockingAction.run();
                    return null;
                },
                false);
    }

    @Override
    public Future<ReadStream<Buffer>> read(String key) {
        if (!KEY_PATTERN.matcher(key).matches()) {
            return Future.failedFuture(new ImageNotFoundException(key));
        }
        Context context = vertx.getOrCreateContext();
        return workers.<FileChannel>executeBlocking(() -> open(key), false)
                .map(channel -> new FileReadStream(channel, workers, context));
    }

    @Override
    public Future<Void> delete(String key) {
        if (!KEY_PATTERN.matcher(key).matches()) {
            return Future.failedFuture(new IllegalArgumentException("not a storage key: " + key));
        }
        return runBlocking(() -> {
            // A directory that is not mounted has no file, and the file exists all the same.
            marker.requirePresent();
            Files.deleteIfExists(directory.resolve(key));
        });
    }

    @Override
    public Future<Void> scanStaleKeys(Duration age, int limit, Function<List<String>, Future<Void>> page) {
        return workers.executeBlocking(
                        () -> StaleFileScanner.below(
                                directory, fileWriter.fileSystemTime().minus(age)),
                        false)
                .compose(old -> scanNextPage(old, limit, page));
    }

    private Future<Void> scanNextPage(StaleFileScanner old, int limit, Function<List<String>, Future<Void>> page) {
        return workers.executeBlocking(() -> old.nextPage(limit, KEY_PATTERN.asMatchPredicate()), false)
                .compose(keys -> keys.isEmpty()
                        ? Future.succeededFuture()
                        : page.apply(keys).compose(done -> scanNextPage(old, limit, page)));
    }

    private FileChannel open(String key) throws IOException {
        try {
            return FileChannel.open(directory.resolve(key), StandardOpenOption.READ);
        } catch (NoSuchFileException e) {
            throw new ImageNotFoundException(key);
        }
    }

    /** Ends the worker threads. Pictures are durable as soon as {@link #put} says so; nothing is flushed here. */
    public Future<Void> close() {
        return workers.close();
    }
}
