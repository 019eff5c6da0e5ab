package dev.darkroom.image.local;

import dev.darkroom.file.DurableFiles;
import dev.darkroom.image.ChunkedBytes;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Writes files below a root directory durably: creates a temporary file and renames it. The temporary files have a directory of their
 * own, where those of killed processes are found, and unique names, because several processes may share the root. Blocking; thread-safe.
 */
final class ImageFileWriter {
    /** The directory of temporary files. Below the root, so that the rename stays within one file system and is atomic. */
    private static final String TEMPORARY_DIRECTORY = ".incoming";

    /** Age after which a temporary file of a killed process is deleted. No write takes that long. */
    private static final Duration MAX_TEMPORARY_FILE_AGE = Duration.ofHours(1);

    private final Path root;
    private final Path temporaryDirectory;
    /** Directories that this process has synced in their parent. Another process may have created one without syncing it yet. */
    private final Set<Path> syncedDirectories = ConcurrentHashMap.newKeySet();

    ImageFileWriter(Path root) {
        this.root = root;
        this.temporaryDirectory = root.resolve(TEMPORARY_DIRECTORY);
    }

    /** Creates the root and the temporary directory durably. */
    void createDirectories() throws IOException {
        DurableFiles.createDirectories(temporaryDirectory);
        DurableFiles.sync(root);
        Path parent = root.getParent();
        if (parent != null && Files.isReadable(parent)) {
            DurableFiles.sync(parent);
        }
    }

    /** Writes and deletes a small file. */
    void checkWritable() throws IOException {
        Path probe = createTemporaryFile(ChunkedBytes.of(new byte[] {1}));
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
        createDirectory(target.getParent());
        Path temporary = createTemporaryFile(content);
        try {
            DurableFiles.rename(temporary, target);
        } catch (IOException | RuntimeException e) {
            boolean renamed = Files.notExists(temporary);
            DurableFiles.deleteAfterFailure(renamed ? target : temporary, e);
            throw e;
        }
    }

    private Path createTemporaryFile(ChunkedBytes content) throws IOException {
        Path temporary = temporaryDirectory.resolve(UUID.randomUUID().toString());
        DurableFiles.create(temporary, content::writeTo);
        return temporary;
    }

    /** Returns the current time of the file system, which may be on another machine with another clock. */
    Instant fileSystemTime() throws IOException {
        Path probe = createTemporaryFile(ChunkedBytes.of(new byte[0]));
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
        DurableFiles.createDirectories(directory);
        DurableFiles.sync(directory.getParent());
        syncedDirectories.add(directory);
    }
}
