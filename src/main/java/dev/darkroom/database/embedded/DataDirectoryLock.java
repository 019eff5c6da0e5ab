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
 * Exclusive lock of a data directory, so that one Darkroom process uses it. The operating system releases the lock when the process
 * ends, so it is never stale. Thread-safe.
 */
record DataDirectoryLock(Path directory, FileChannel channel) implements AutoCloseable {
    private static final String FILE_NAME = "darkroom.lock";

    /**
     * Directories locked by this process. Checked before the file is opened: by POSIX, closing any channel of a file releases every lock
     * of the process on it, so a rejected second attempt would release the lock of the first.
     */
    private static final Set<Path> LOCKED_DIRECTORIES = ConcurrentHashMap.newKeySet();

    /**
     * Acquires the lock without waiting.
     *
     * @param dataDir an existing directory
     * @throws DatabaseException when another Darkroom, in this process or another, holds the lock
     */
    static DataDirectoryLock acquire(Path dataDir) throws IOException {
        Path directory = dataDir.toRealPath();
        if (!LOCKED_DIRECTORIES.add(directory)) {
            throw inUseException(dataDir);
        }
        FileChannel channel = null;
        boolean locked = false;
        try {
            channel = FileChannel.open(
                    directory.resolve(FILE_NAME),
                    Set.of(CREATE, WRITE),
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            locked = channel.tryLock() != null;
            if (!locked) {
                throw inUseException(dataDir);
            }
            return new DataDirectoryLock(directory, channel);
        } finally {
            if (!locked) {
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
