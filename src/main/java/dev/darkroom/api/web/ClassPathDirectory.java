package dev.darkroom.api.web;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.JarURLConnection;
import java.net.URISyntaxException;
import java.net.URL;
import java.net.URLConnection;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Reads the files of a directory of the class path, in a jar or in a directory of classes. */
public final class ClassPathDirectory {
    private ClassPathDirectory() {}

    /**
     * Reads all files below a directory. Blocks.
     *
     * @param directory path without a leading or trailing slash, such as {@code web/studio}
     * @return bytes by path relative to the directory, with slashes
     * @throws IllegalStateException when the class path has no such directory
     */
    public static SortedMap<String, byte[]> readFiles(String directory) {
        URL url = ClassPathDirectory.class.getClassLoader().getResource(directory);
        if (url == null) {
            throw new IllegalStateException("the class path has no directory " + directory);
        }
        try {
            URLConnection connection = url.openConnection();
            if (connection instanceof JarURLConnection jar) {
                // Not the file system of the URI, which is shared and which another caller could close.
                Path file = Path.of(jar.getJarFileURL().toURI());
                try (FileSystem files = FileSystems.newFileSystem(file)) {
                    return readFiles(files.getPath(directory));
                }
            }
            return readFiles(Path.of(url.toURI()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private static SortedMap<String, byte[]> readFiles(Path root) throws IOException {
        SortedMap<String, byte[]> files = new TreeMap<>();
        try (Stream<Path> paths = Files.walk(root)) {
            for (Path path : paths.filter(Files::isRegularFile).toList()) {
                try (InputStream in = Files.newInputStream(path)) {
                    files.put(root.relativize(path).toString().replace('\\', '/'), in.readAllBytes());
                }
            }
        }
        return files;
    }
}
