package dev.darkroom.database.embedded;

import static java.nio.file.StandardCopyOption.ATOMIC_MOVE;
import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import com.sun.security.auth.module.UnixSystem;
import dev.darkroom.database.DatabaseException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/** Creates files and directories with access for their owner alone, and writes and renames them atomically and durably. */
final class PrivateFiles {
    private static final Set<PosixFilePermission> DIRECTORY_PERMISSIONS = PosixFilePermissions.fromString("rwx------");
    private static final Set<PosixFilePermission> FILE_PERMISSIONS = PosixFilePermissions.fromString("rw-------");

    private PrivateFiles() {}

    /** Creates a directory and its missing parents with access for the owner alone. Does not change an existing directory. */
    static void createDirectories(Path directory) throws IOException {
        if (!Files.isDirectory(directory)) {
            Files.createDirectories(directory, PosixFilePermissions.asFileAttribute(DIRECTORY_PERMISSIONS));
        }
    }

    /**
     * Like {@link #createDirectories}, but also restricts an existing directory to its owner.
     *
     * @throws DatabaseException when the directory belongs to another user, even if this process runs as root
     */
    static void restrictToOwner(Path directory) throws IOException {
        createDirectories(directory);
        long owner = ((Number) Files.getAttribute(directory, "unix:uid")).longValue();
        if (owner != new UnixSystem().getUid()) {
            throw new DatabaseException(directory + " belongs to another user, " + Files.getOwner(directory)
                    + "; run Darkroom as that user, or give it its own DARKROOM_DATA_DIR");
        }
        Files.setPosixFilePermissions(directory, DIRECTORY_PERMISSIONS);
    }

    /** Replaces a file atomically and durably. Other users cannot read it at any time. */
    static void writeAtomically(Path file, String text) throws IOException {
        Path unfinished = file.resolveSibling(file.getFileName() + ".new");
        Files.deleteIfExists(unfinished);
        try (FileChannel channel = FileChannel.open(
                unfinished, Set.of(CREATE_NEW, WRITE), PosixFilePermissions.asFileAttribute(FILE_PERMISSIONS))) {
            ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            channel.force(true);
        }
        renameDurably(unfinished, file);
    }

    /** Renames atomically and durably: after a power failure either the old name or the new name exists. */
    static void renameDurably(Path from, Path to) throws IOException {
        Files.move(from, to, ATOMIC_MOVE);
        try (FileChannel directory = FileChannel.open(to.toAbsolutePath().getParent(), READ)) {
            directory.force(true);
        }
    }

    /** Deletes a file or a directory tree, if it exists. Deletes symbolic links without following them. */
    static void delete(Path path) throws IOException {
        if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        Files.walkFileTree(path, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path directory, IOException failure) throws IOException {
                if (failure != null) {
                    throw failure;
                }
                Files.delete(directory);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
