package dev.darkroom.file;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.Set;

/**
 * Creates files and directories that only their owner can access, and renames atomically. A completed call survives a power failure.
 * Blocking; thread-safe.
 */
public final class DurableFiles {
    private static final boolean POSIX =
            FileSystems.getDefault().supportedFileAttributeViews().contains("posix");
    private static final FileAttribute<?>[] FILE_PERMISSIONS = permissions("rw-------");
    private static final FileAttribute<?>[] DIRECTORY_PERMISSIONS = permissions("rwx------");

    private DurableFiles() {}

    private static FileAttribute<?>[] permissions(String permissions) {
        return POSIX
                ? new FileAttribute<?>[] {
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions))
                }
                : new FileAttribute<?>[0];
    }

    /** Writes the bytes of a file. */
    @FunctionalInterface
    public interface Content {
        void writeTo(FileChannel channel) throws IOException;
    }

    /** Creates a directory and its missing parents. Does not change an existing directory, and does not sync: see {@link #sync}. */
    public static void createDirectories(Path directory) throws IOException {
        if (!Files.isDirectory(directory)) {
            Files.createDirectories(directory, DIRECTORY_PERMISSIONS);
        }
    }

    /** Creates a file with synced content. If it throws, the file does not exist, unless it existed before. */
    public static void create(Path file, Content content) throws IOException {
        Set<StandardOpenOption> options = EnumSet.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        try (FileChannel channel = FileChannel.open(file, options, FILE_PERMISSIONS)) {
            try {
                content.writeTo(channel);
                channel.force(true);
            } catch (IOException | RuntimeException e) {
                deleteAfterFailure(file, e);
                throw e;
            }
        }
    }

    /** Deletes a file, if it exists, because of an error, to which a failure is added. */
    public static void deleteAfterFailure(Path file, Exception cause) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            cause.addSuppressed(e);
        }
    }

    /**
     * Creates or replaces a file: at any time either the old or the new content exists. Not for concurrent calls with the same file.
     * Uses a temporary file with the suffix {@code .new} in the same directory, so that the rename is atomic.
     *
     * @param text written in UTF-8
     */
    public static void replace(Path file, String text) throws IOException {
        Path temporary = file.resolveSibling(file.getFileName() + ".new");
        Files.deleteIfExists(temporary);
        ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
        create(temporary, channel -> {
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
        });
        rename(temporary, file);
    }

    /** Renames within a file system. Replaces an existing file. After a power failure either the old name or the new name exists. */
    public static void rename(Path from, Path to) throws IOException {
        Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
        sync(to.toAbsolutePath().getParent());
    }

    /** Makes the names in a directory durable. */
    public static void sync(Path directory) throws IOException {
        if (!POSIX) {
            return; // Windows cannot sync directories. Its file system journals renames.
        }
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }
}
