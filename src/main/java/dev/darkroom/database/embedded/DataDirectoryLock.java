package dev.darkroom.database.embedded;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.WRITE;

import dev.darkroom.database.DatabaseException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Keeps a data directory for one Darkroom. The operating system releases the lock when the process ends, however it ends,
 * so it can never be stale.
 */
final class DataDirectoryLock implements AutoCloseable {
    private static final String FILE_NAME = "darkroom.lock";

    /**
     * Directories locked by this process. Asked before the file is opened: by POSIX, closing any channel on a file drops
     * every lock the process has on it, so a refused second attempt would silently free the first one's lock.
     */
    private static final Set<Path> LOCKED_DIRECTORIES = ConcurrentHashMap.newKeySet();

    private final Path directory;
    private final FileChannel channel;

    private DataDirectoryLock(Path directory, FileChannel channel) {
        this.directory = directory;
        this.channel = channel;
    }

    /**
     * Takes the lock without waiting.
     *
     * @param dataDir exists
     * @throws DatabaseException when another Darkroom, in this process or another, has it
     */
    static DataDirectoryLock acquire(Path dataDir) throws IOException {
        Path directory = dataDir.toRealPath();
        if (!LOCKED_DIRECTORIES.add(directory)) {
            throw inUseException(dataDir);
        }
        FileChannel channel = null;
        boolean taken = false;
        try {
            channel = FileChannel.open(
                    directory.resolve(FILE_NAME),
                    Set.of(CREATE, WRITE),
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            taken = channel.tryLock() != null;
            if (!taken) {
                throw inUseException(dataDir);
            }
            return new DataDirectoryLock(directory, channel);
        } finally {
            if (!taken) {
                if (channel != null) {
                    channel.close();
                }
                LOCKED_DIRECTORIES.remove(directory);
            }
        }
    }

    private static DatabaseException inUseException(Path dataDir) {
        return new DatabaseException(
                "data directory " + dataDir + " is in use by another Darkroom; give this one its own"
                        + " DARKROOM_DATA_DIR, or DARKROOM_DATABASE_URL to share the database");
    }

    @Override
    public void close() throws IOException {
        if (channel.isOpen()) {
            channel.close();
            LOCKED_DIRECTORIES.remove(directory);
        }
    }
}
