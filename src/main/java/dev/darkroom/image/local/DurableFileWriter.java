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
 * Writes files so that they are either whole and durable or not there at all: written aside, synced, renamed into
 * place, directory synced. Blocking; thread-safe.
 */
final class DurableFileWriter {
    /** Where files grow. Inside the same tree, so that the rename stays within one file system and is atomic. */
    private static final String TEMPORARY_DIRECTORY = ".incoming";

    /** What a killed process left behind is thrown away once nobody can be writing it any more. */
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
    /** Directories whose own entry this process has synced. Another process may have made one without having got so far. */
    private final Set<Path> syncedDirectories = ConcurrentHashMap.newKeySet();

    DurableFileWriter(Path root) {
        this.root = root;
        this.temporaryDirectory = root.resolve(TEMPORARY_DIRECTORY);
    }

    /** Makes the directories. */
    void createDirectories() throws IOException {
        Files.createDirectories(temporaryDirectory, OWNER_ONLY_DIRECTORY);
        syncDirectory(root);
        Path above = root.getParent();
        if (above != null && Files.isReadable(above)) {
            syncDirectory(above);
        }
    }

    /** Proves that files can be written. */
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

    /** Clears away what killed processes left behind. */
    void deleteAbandoned() throws IOException {
        Instant limit = Instant.now().minus(MAX_TEMPORARY_FILE_AGE);
        try (DirectoryStream<Path> leftovers = Files.newDirectoryStream(temporaryDirectory)) {
            for (Path leftover : leftovers) {
                if (Files.getLastModifiedTime(leftover).toInstant().isBefore(limit)) {
                    Files.deleteIfExists(leftover);
                }
            }
        } catch (NoSuchFileException e) {
            // Another process that shares the directory was faster.
        }
    }

    /**
     * Writes a file below the root. Directories below the root that were removed meanwhile are made again. When it throws,
     * nothing is to be seen at {@code target}.
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

    /** Now, by the clock that dates the files, which may be that of another machine. */
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
            return; // Windows knows no syncing of directories; its file system journals renames.
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
