package dev.darkroom.image;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.UUID;

/** The file in an image directory that names the database that the directory belongs to. Blocking; thread-safe. */
final class DirectoryMarker {
    /** Begins with a dot: no storage key does. */
    static final String NAME = ".darkroom";

    private final Path directory;
    private final Path file;
    private final UUID databaseId;

    DirectoryMarker(Path directory, UUID databaseId) {
        this.directory = directory;
        this.file = directory.resolve(NAME);
        this.databaseId = databaseId;
    }

    /**
     * Reads the marker.
     *
     * @return false when there is none
     * @throws WrongDirectoryException when it names another database
     * @throws IOException when it cannot be read
     */
    boolean present() throws IOException {
        String found;
        try {
            found = Files.readString(file).strip();
        } catch (NoSuchFileException e) {
            return false;
        }
        if (!found.equals(databaseId.toString())) {
            throw new WrongDirectoryException(
                    "image directory " + directory + " belongs to another database, as its file " + NAME + " says");
        }
        return true;
    }

    /** Throws unless the marker is there and names this database. */
    void require() throws IOException {
        if (!present()) {
            throw new WrongDirectoryException("image directory " + directory + " has no file " + NAME
                    + ": it was removed, replaced or unmounted");
        }
    }

    /** Writes the marker. Several processes may do so at the same moment. */
    void write(DurableFiles files) throws IOException {
        files.write(file, Blocks.of((databaseId + "\n").getBytes(java.nio.charset.StandardCharsets.US_ASCII)));
    }

    WrongDirectoryException unknown() {
        return new WrongDirectoryException("image directory " + directory
                + " has none of the images that the database names; is it mounted? If the images are lost for good,"
                + " write " + databaseId + " into its file " + NAME);
    }
}
