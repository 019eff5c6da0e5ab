package dev.darkroom.image.local;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.Predicate;

/** The files below a directory that are older than a moment. Reads one directory at a time. Blocking; for one thread at a time. */
final class StaleFileScanner {
    private final Path root;
    private final Instant modifiedBefore;
    private final Deque<Path> directories = new ArrayDeque<>();
    private final Deque<String> pendingKeys = new ArrayDeque<>();

    private StaleFileScanner(Path root, Instant before) {
        this.root = root;
        this.modifiedBefore = before;
        directories.add(root);
    }

    static StaleFileScanner below(Path root, Instant before) {
        return new StaleFileScanner(root, before);
    }

    /** The next ones, relative to the directory; none at the end. What goes away meanwhile may be among them. */
    List<String> nextPage(int limit, Predicate<String> wanted) throws IOException {
        while (pendingKeys.size() < limit && !directories.isEmpty()) {
            scanDirectory(directories.remove(), wanted);
        }
        List<String> page = new ArrayList<>();
        while (page.size() < limit && !pendingKeys.isEmpty()) {
            page.add(pendingKeys.remove());
        }
        return page;
    }

    private void scanDirectory(Path directory, Predicate<String> wanted) throws IOException {
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
            for (Path entry : entries) {
                scanEntry(entry, wanted);
            }
        } catch (NoSuchFileException e) {
            // It went away meanwhile.
        }
    }

    private void scanEntry(Path entry, Predicate<String> wanted) throws IOException {
        String key = root.relativize(entry).toString();
        BasicFileAttributes attributes;
        try {
            attributes = Files.readAttributes(entry, BasicFileAttributes.class);
        } catch (NoSuchFileException e) {
            return; // Deleted by another process.
        }
        if (attributes.isDirectory()) {
            // What begins with a dot is being written.
            if (!key.startsWith(".")) {
                directories.add(entry);
            }
        } else if (wanted.test(key) && attributes.lastModifiedTime().toInstant().isBefore(modifiedBefore)) {
            pendingKeys.add(key);
        }
    }
}
