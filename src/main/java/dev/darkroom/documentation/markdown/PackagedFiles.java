package dev.darkroom.documentation.markdown;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** Files of the repository that the jar contains, by their path in the repository. Thread-safe; reads block. */
public final class PackagedFiles {
    private static final String FOLDER = "/documentation/";

    /** Returns whether the jar contains a file. */
    public boolean contains(String path) {
        return PackagedFiles.class.getResource(FOLDER + path) != null;
    }

    /** @throws IllegalStateException when the jar does not contain the file */
    public byte[] read(String path) {
        return readResource(FOLDER + path);
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
        return new String(read(path), StandardCharsets.UTF_8);
    }
}
