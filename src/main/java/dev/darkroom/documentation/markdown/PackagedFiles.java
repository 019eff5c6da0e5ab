package dev.darkroom.documentation.markdown;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** Files of the repository that the jar contains, by their path in the repository. Thread-safe; reads block. */
public final class PackagedFiles {
    private static final String FOLDER = "/documentation/";

    /** Returns whether the jar contains a file. */
    public boolean contains(String path) {
        return PackagedFiles.class.getResource(FOLDER + path) != null;
    }

    /** Returns the bytes of a file, or empty when the jar does not contain it. */
    public Optional<byte[]> read(String path) {
        return contains(path) ? Optional.of(readResource(FOLDER + path)) : Optional.empty();
    }

    /**
     * Returns the bytes of any file of the jar.
     *
     * @throws IllegalStateException when the jar does not contain the file
     */
    public static byte[] readResource(String path) {
        try (InputStream in = PackagedFiles.class.getResourceAsStream(path)) {
            if (in == null) {
                throw new IllegalStateException("the jar does not contain " + path);
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** @throws IllegalStateException when the jar does not contain the file */
    public String readText(String path) {
        return new String(readResource(FOLDER + path), StandardCharsets.UTF_8);
    }
}
