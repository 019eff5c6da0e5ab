package dev.darkroom.image;

import dev.darkroom.config.FileReason;
import dev.darkroom.config.SettingsException;
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
    private static final Pattern KEY = Pattern.compile("(?:[0-9a-z]{1,16}/){0,4}[0-9A-Za-z_-]{1,128}\\.[0-9a-z]{1,8}");

    /** They wait for the disk rather than work, and what is synced at the same time is synced together. */
    private static final int THREADS = 16;

    private final Vertx vertx;
    private final Path dir;
    private final WorkerExecutor workers;
    private final DurableFiles files;
    private final DirectoryMarker marker;
    private final ImageStoreIdentity identity;

    private LocalImageStore(Vertx vertx, Path dir, ImageStoreIdentity identity) {
        this.vertx = vertx;
        this.dir = dir;
        this.workers = vertx.createSharedWorkerExecutor("darkroom-images", THREADS);
        this.files = new DurableFiles(dir);
        this.identity = identity;
        this.marker = new DirectoryMarker(dir, identity.databaseId());
    }

    /**
     * Opens the store, making its directory where it does not exist.
     *
     * @param dir absolute
     * @param identity whose images it is for
     * @return fails with a {@link SettingsException} when the directory cannot be made or written to, or belongs to another
     *     database
     */
    public static Future<LocalImageStore> open(Vertx vertx, Path dir, ImageStoreIdentity identity) {
        LocalImageStore store = new LocalImageStore(vertx, dir, identity);
        return store.check()
                .compose(checked -> store.blocking(store.files::clear))
                .map(store)
                .recover(failure -> store.close()
                        .transform(closed -> Future.failedFuture(new SettingsException(
                                "DARKROOM_IMAGE_DIR: expected a directory that can be written to, got \"" + dir + "\" ("
                                        + FileReason.of(failure) + ")"))));
    }

    @Override
    public Future<Void> keep(String key, Picture picture) {
        if (!KEY.matcher(key).matches()) {
            return Future.failedFuture(new IllegalArgumentException("not a storage key: " + key));
        }
        return blocking(() -> {
            marker.require();
            files.write(dir.resolve(key), picture.bytes());
        });
    }

    /** Also marks a directory that is new, or has images of the database and no marker yet. */
    @Override
    public Future<Void> check() {
        return workers.executeBlocking(marker::present, false)
                .compose(present -> present ? Future.succeededFuture() : adopt())
                .compose(marked -> blocking(() -> {
                    files.makeDirectories();
                    files.probe();
                }));
    }

    private Future<Void> adopt() {
        return identity.someKeys()
                .get()
                .compose(keys -> blocking(() -> {
                    if (!keys.isEmpty() && keys.stream().noneMatch(key -> Files.exists(dir.resolve(key)))) {
                        throw marker.unknown();
                    }
                    files.makeDirectories();
                    marker.write(files);
                }));
    }

    private interface Work {
        void run() throws IOException;
    }

    private Future<Void> blocking(Work work) {
        return workers.executeBlocking(
                () -> {
                    work.run();
                    return null;
                },
                false);
    }

    @Override
    public Future<ReadStream<Buffer>> read(String key) {
        if (!KEY.matcher(key).matches()) {
            return Future.failedFuture(new MissingPictureException(key));
        }
        Context context = vertx.getOrCreateContext();
        return workers.<FileChannel>executeBlocking(() -> open(key), false)
                .map(channel -> new FileStream(channel, workers, context));
    }

    @Override
    public Future<Void> delete(String key) {
        if (!KEY.matcher(key).matches()) {
            return Future.failedFuture(new IllegalArgumentException("not a storage key: " + key));
        }
        return blocking(() -> {
            // A directory that is not mounted has no file, and the file exists all the same.
            marker.require();
            Files.deleteIfExists(dir.resolve(key));
        });
    }

    @Override
    public Future<Void> oldKeys(Duration age, int limit, Function<List<String>, Future<Void>> page) {
        return workers.executeBlocking(() -> OldFiles.in(dir, files.now().minus(age)), false)
                .compose(old -> next(old, limit, page));
    }

    private Future<Void> next(OldFiles old, int limit, Function<List<String>, Future<Void>> page) {
        return workers.executeBlocking(() -> old.next(limit, KEY.asMatchPredicate()), false)
                .compose(keys -> keys.isEmpty()
                        ? Future.succeededFuture()
                        : page.apply(keys).compose(done -> next(old, limit, page)));
    }

    private FileChannel open(String key) throws IOException {
        try {
            return FileChannel.open(dir.resolve(key), StandardOpenOption.READ);
        } catch (NoSuchFileException e) {
            throw new MissingPictureException(key);
        }
    }

    /** Ends the worker threads. Pictures are durable as soon as {@link #keep} says so; nothing is flushed here. */
    public Future<Void> close() {
        return workers.close();
    }
}
