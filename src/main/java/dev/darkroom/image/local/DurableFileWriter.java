package dev.darkroom.image.local;

import dev.darkroom.image.ChunkedBytes;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Writes files atomically and durably: writes a temporary file, syncs it, renames it, and syncs the directory. Blocking; thread-safe.
 */
final class DurableFileWriter {
    /** The directory of temporary files. Below the root, so that the rename stays within one file system and is atomic. */
    private static final String TEMPORARY_DIRECTORY = ".incoming";

    /** Age after which a temporary file of a killed process is deleted. No write takes that long. */
    private static final Duration MAX_TEMPORARY_FILE_AGE = Duration.ofHours(1);

    private static final boolean POSIX =
            FileSystems.getDefault().supportedFileAttributeViews().contains("posix");
    private static final FileAttribute<?>[] OWNER_ONLY = POSIX
            ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
            }
            : new FileAttribute<?>[0];

    private static final FileAttribute<?>[] OWNER_ONLY_DIRECTORY = POSIX
            ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"))
            }
            : new FileAttribute<?>[0];

    private final Path root;
    private final Path temporaryDirectory;
    /** Directories that this process has synced in their parent. Another process may have created one without syncing it yet. */
    private final Set<Path> syncedDirectories = ConcurrentHashMap.newKeySet();

    DurableFileWriter(Path root) {
        this.root = root;
        this.temporaryDirectory = root.resolve(TEMPORARY_DIRECTORY);
    }

    /** Creates the root and the temporary directory durably. */
    void createDirectories() throws IOException {
        Files.createDirectories(temporaryDirectory, OWNER_ONLY_DIRECTORY);
        syncDirectory(root);
        Path parent = root.getParent();
        if (parent != null && Files.isReadable(parent)) {
            syncDirectory(parent);
        }
    }

    /** Writes and deletes a small file. */
    void checkWritable() throws IOException {
        Path probe = temporaryDirectory.resolve(UUID.randomUUID().toString());
        try {
            writeAndSync(probe, ChunkedBytes.of(new byte[] {1}));
        } catch (IOException e) {
            deleteAfterFailure(probe, e);
            throw e;
        }
        Files.delete(probe);
    }

    /** Deletes old temporary files of killed processes. */
    void deleteAbandoned() throws IOException {
        Instant limit = Instant.now().minus(MAX_TEMPORARY_FILE_AGE);
        try (DirectoryStream<Path> leftovers = Files.newDirectoryStream(temporaryDirectory)) {
            for (Path leftover : leftovers) {
                if (Files.getLastModifiedTime(leftover).toInstant().isBefore(limit)) {
                    Files.deleteIfExists(leftover);
                }
            }
        } catch (NoSuchFileException e) {
            // Another process that shares the directory has deleted the file.
        }
    }

    /**
     * Writes a file below the root. Creates missing directories again. If it throws, no file exists at {@code target}.
     */
    void write(Path target, ChunkedBytes content) throws IOException {
        try {
            writeOnce(target, content);
        } catch (NoSuchFileException e) {
            syncedDirectories.clear();
            createDirectories();
            writeOnce(target, content);
        }
    }

    private void writeOnce(Path target, ChunkedBytes content) throws IOException {
        Path temporary = temporaryDirectory.resolve(UUID.randomUUID().toString());
        boolean moved = false;
        try {
            createDirectory(target.getParent());
            writeAndSync(temporary, content);
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            moved = true;
            syncDirectory(target.getParent());
        } catch (IOException | RuntimeException e) {
            deleteAfterFailure(moved ? target : temporary, e);
            throw e;
        }
    }

    /** Returns the current time of the file system, which may be on another machine with another clock. */
    Instant fileSystemTime() throws IOException {
        Path probe = temporaryDirectory.resolve(UUID.randomUUID().toString());
        Files.createFile(probe, OWNER_ONLY);
        try {
            return Files.getLastModifiedTime(probe).toInstant();
        } finally {
            Files.delete(probe);
        }
    }

    private void createDirectory(Path directory) throws IOException {
        if (directory.equals(root) || syncedDirectories.contains(directory)) {
            return;
        }
        createDirectory(directory.getParent());
        Files.createDirectories(directory, OWNER_ONLY_DIRECTORY);
        syncDirectory(directory.getParent());
        syncedDirectories.add(directory);
    }

    private static void writeAndSync(Path file, ChunkedBytes content) throws IOException {
        Set<StandardOpenOption> options = EnumSet.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        try (FileChannel channel = FileChannel.open(file, options, OWNER_ONLY)) {
            content.writeTo(channel);
            channel.force(true);
        }
    }

    private static void syncDirectory(Path directory) throws IOException {
        if (!POSIX) {
            return; // Windows cannot sync directories. Its file system journals renames.
        }
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    private static void deleteAfterFailure(Path file, Exception cause) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            cause.addSuppressed(e);
        }
    }
}
