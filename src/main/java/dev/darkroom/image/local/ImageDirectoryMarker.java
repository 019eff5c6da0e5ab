package dev.darkroom.image.local;

import dev.darkroom.image.ChunkedBytes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.UUID;

/** The file in an image directory that names the database that the directory belongs to. Blocking; thread-safe. */
final class ImageDirectoryMarker {
    /** Begins with a dot: no storage key does. */
    static final String FILE_NAME = ".darkroom";

    private final Path directory;
    private final Path file;
    private final UUID databaseId;

    ImageDirectoryMarker(Path directory, UUID databaseId) {
        this.directory = directory;
        this.file = directory.resolve(FILE_NAME);
        this.databaseId = databaseId;
    }

    /**
     * Reads the marker.
     *
     * @return false when there is none
     * @throws ImageDirectoryException when it names another database
     * @throws IOException when it cannot be read
     */
    boolean isPresent() throws IOException {
        String found;
        try {
            found = Files.readString(file).strip();
        } catch (NoSuchFileException e) {
            return false;
        }
        if (!found.equals(databaseId.toString())) {
            throw new ImageDirectoryException("image directory " + directory
                    + " belongs to another database, as its file " + FILE_NAME + " says");
        }
        return true;
    }

    /** Throws unless the marker is there and names this database. */
    void requirePresent() throws IOException {
        if (!isPresent()) {
            throw new ImageDirectoryException("image directory " + directory + " has no file " + FILE_NAME
                    + ": it was removed, replaced or unmounted");
        }
    }

    /** Writes the marker. Several processes may do so at the same moment. */
    void write(DurableFileWriter files) throws IOException {
        files.write(file, ChunkedBytes.of((databaseId + "\n").getBytes(java.nio.charset.StandardCharsets.US_ASCII)));
    }

    ImageDirectoryException missingImagesException() {
        return new ImageDirectoryException("image directory " + directory
                + " has none of the images that the database names; is it mounted? If the images are lost for good,"
                + " write " + databaseId + " into its file " + FILE_NAME);
    }
}
