package dev.darkroom.database.embedded;

import com.sun.security.auth.module.UnixSystem;
import dev.darkroom.database.DatabaseException;
import dev.darkroom.file.DurableFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.stream.Stream;

/** Restricts directories to their owner, and deletes directory trees. */
final class DataDirectories {
    private DataDirectories() {}

    /**
     * Creates a directory, or restricts an existing one to its owner.
     *
     * @throws DatabaseException when the directory belongs to another user, even if this process runs as root
     */
    static void restrictToOwner(Path directory) throws IOException {
        DurableFiles.createDirectories(directory);
        long owner = ((Number) Files.getAttribute(directory, "unix:uid")).longValue();
        if (owner != new UnixSystem().getUid()) {
            throw new DatabaseException(directory + " belongs to another user, " + Files.getOwner(directory)
                    + "; run Darkroom as that user, or give it its own DARKROOM_DATA_DIR");
        }
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
    }

    /** Deletes a file or a directory tree, if it exists. Deletes symbolic links without following them. */
    static void delete(Path path) throws IOException {
        if (Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            try (Stream<Path> tree = Files.walk(path)) {
                for (Path entry : tree.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(entry);
                }
            }
        }
    }
}
