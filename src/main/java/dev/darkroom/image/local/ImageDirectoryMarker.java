package dev.darkroom.image.local;

import dev.darkroom.image.ChunkedBytes;
import dev.darkroom.image.store.ImageStoreException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.UUID;

/** The marker file of an image directory with the ID of the database that the images belong to. Blocking; thread-safe. */
record ImageDirectoryMarker(Path directory, UUID databaseId) {
    /** Starts with a dot, which no storage key does. */
    static final String FILE_NAME = ".darkroom";

    /**
     * Reads the marker.
     *
     * @return false when there is no marker
     * @throws ImageStoreException when it contains the ID of another database
     * @throws IOException when it cannot be read
     */
    boolean isPresent() throws IOException {
        String storedId;
        try {
            storedId = Files.readString(directory.resolve(FILE_NAME)).strip();
        } catch (NoSuchFileException e) {
            return false;
        }
        if (!storedId.equals(databaseId.toString())) {
            throw new ImageStoreException(
                    "image directory " + directory + " belongs to another database according to its file " + FILE_NAME);
        }
        return true;
    }

    /** Throws {@link ImageStoreException} unless the marker exists and contains the ID of this database. */
    void requirePresent() throws IOException {
        if (!isPresent()) {
            throw new ImageStoreException("image directory " + directory + " has no file " + FILE_NAME
                    + ": it was removed, replaced or unmounted");
        }
    }

    /** Writes the marker. Safe with concurrent writes of several processes. */
    void write(ImageFileWriter files) throws IOException {
        files.write(
                directory.resolve(FILE_NAME),
                ChunkedBytes.of((databaseId + "\n").getBytes(java.nio.charset.StandardCharsets.US_ASCII)));
    }

    ImageStoreException missingImagesException() {
        return new ImageStoreException("image directory " + directory
                + " has none of the images that the database names; is it mounted? If the images are lost permanently,"
                + " write " + databaseId + " into its file " + FILE_NAME);
    }
}
