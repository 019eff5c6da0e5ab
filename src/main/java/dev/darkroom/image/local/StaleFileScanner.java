package dev.darkroom.image.local;

import dev.darkroom.image.store.ImageStore.StoredFile;
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

/** Finds the files below a directory that were modified before a time. Reads one directory at a time. Blocking; not thread-safe. */
final class StaleFileScanner {
    private final Path root;
    private final TimeSource modifiedBefore;
    private final Deque<Path> directories = new ArrayDeque<>();
    private final Deque<StoredFile> pendingFiles = new ArrayDeque<>();

    /** Null until the first page. */
    private Instant limit;

    /** Reads a time from the file system. */
    interface TimeSource {
        Instant read() throws IOException;
    }

    /** @param modifiedBefore read once, for the first page */
    StaleFileScanner(Path root, TimeSource modifiedBefore) {
        this.root = root;
        this.modifiedBefore = modifiedBefore;
        directories.add(root);
    }

    /** Returns the next files; empty at the end. A returned file may have been deleted meanwhile. */
    List<StoredFile> nextPage(int maxSize, Predicate<String> filter) throws IOException {
        if (limit == null) {
            limit = modifiedBefore.read();
        }
        while (pendingFiles.size() < maxSize && !directories.isEmpty()) {
            scanDirectory(directories.remove(), filter);
        }
        List<StoredFile> page = new ArrayList<>();
        while (page.size() < maxSize && !pendingFiles.isEmpty()) {
            page.add(pendingFiles.remove());
        }
        return page;
    }

    private void scanDirectory(Path directory, Predicate<String> filter) throws IOException {
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
            for (Path entry : entries) {
                scanEntry(entry, filter);
            }
        } catch (NoSuchFileException e) {
            // Another process has deleted the directory.
        }
    }

    private void scanEntry(Path entry, Predicate<String> filter) throws IOException {
        String key = root.relativize(entry).toString();
        BasicFileAttributes attributes;
        try {
            attributes = Files.readAttributes(entry, BasicFileAttributes.class);
        } catch (NoSuchFileException e) {
            return; // Deleted by another process.
        }
        if (attributes.isDirectory()) {
            // Skips the directory of temporary files.
            if (!key.startsWith(".")) {
                directories.add(entry);
            }
        } else if (filter.test(key) && attributes.lastModifiedTime().toInstant().isBefore(limit)) {
            pendingFiles.add(new StoredFile(key, attributes.size()));
        }
    }
}
