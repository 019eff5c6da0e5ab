package dev.darkroom.maintenance.doctor;

import dev.darkroom.maintenance.doctor.DoctorReport.CheckResult;
import dev.darkroom.maintenance.doctor.DoctorReport.Finding;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The files of the pictures beside their rows, in pages: neither a long transaction nor much memory, however many there are. */
final class ImageFileChecker {
    private static final int PAGE_SIZE = 2_000;
    private static final String FIRST_ID = "00000000-0000-0000-0000-000000000000";

    private static final String FIND_PAGE = """
            SELECT id::text, generation_id::text, storage_key, bytes, sha256 FROM images
            WHERE id > ?::uuid ORDER BY images.id LIMIT\s""" + PAGE_SIZE;

    /** As {@code ImageDirectoryMarker} of the image store names it. */
    private static final String MARKER_FILE = ".darkroom";

    private static final String FIND_DATABASE_ID =
            "SELECT id::text FROM installation WHERE EXISTS (SELECT FROM images)";

    private static final String FIND_EXISTING_IDS = "SELECT id::text FROM images WHERE id = ANY (?::uuid[])";
    private static final String FIND_STORAGE_KEYS = "SELECT storage_key FROM images WHERE id = ANY (?::uuid[])";

    private final ReadOnlySession readOnlySession;
    private final Path imageDirectory;
    private final Duration orphanAge;

    ImageFileChecker(ReadOnlySession readOnlySession, Path directory, Duration orphanAge) {
        this.readOnlySession = readOnlySession;
        this.imageDirectory = directory;
        this.orphanAge = orphanAge;
    }

    private record ImageRow(String id, String generation, String key, long bytes, String sha256) {}

    /** The directory names this database, unless the database names no images. */
    CheckResult checkDirectory() {
        List<Finding> findings = new ArrayList<>();
        for (String id : readOnlySession.runInSnapshot(
                () -> readOnlySession.query(FIND_DATABASE_ID, List.of(), row -> row.getString(1)))) {
            String what = checkMarker(id);
            if (what != null) {
                findings.add(new Finding("image directory", imageDirectory.toString(), what));
            }
        }
        return new CheckResult(
                "files",
                "the image directory is that of this database",
                findings.size(),
                findings,
                "Is it mounted, and is DARKROOM_IMAGE_DIR right? No process stores images until it is.");
    }

    private String checkMarker(String id) {
        try {
            String found = Files.readString(imageDirectory.resolve(MARKER_FILE)).strip();
            return found.equals(id) ? null : "belongs to another database, as its file " + MARKER_FILE + " says";
        } catch (NoSuchFileException e) {
            return "has no file " + MARKER_FILE;
        } catch (IOException e) {
            return "cannot be read (" + e.getClass().getSimpleName() + ")";
        }
    }

    /** Every row's file is there, with the recorded size, and if {@code deep} with the recorded content. */
    CheckResult checkFiles(boolean deep) {
        long total = 0;
        List<Finding> findings = new ArrayList<>();
        String last = FIRST_ID;
        while (true) {
            List<ImageRow> page = fetchPage(last);
            if (page.isEmpty()) {
                break;
            }
            last = page.get(page.size() - 1).id();
            Map<ImageRow, String> wrong = new LinkedHashMap<>();
            for (ImageRow imageRow : page) {
                String what = findProblem(imageRow, deep);
                if (what != null) {
                    wrong.put(imageRow, what);
                }
            }
            // Housekeeping may have deleted row and file in between.
            Set<String> there = wrong.isEmpty()
                    ? Set.of()
                    : findValues(
                            FIND_EXISTING_IDS,
                            wrong.keySet().stream().map(ImageRow::id).toList());
            wrong.keySet().removeIf(imageRow -> !there.contains(imageRow.id()));
            total += wrong.size();
            wrong.forEach((imageRow, what) -> {
                if (findings.size() < DatabaseDoctor.MAX_FINDINGS) {
                    findings.add(new Finding(
                            "generation", imageRow.generation(), "has picture " + imageRow.key() + ", " + what));
                }
            });
        }
        return new CheckResult(
                "files",
                deep ? "every picture's file is there, byte for byte" : "every picture's file is there, with its size",
                total,
                findings,
                "Is " + imageDirectory
                        + " the image directory that all processes share? If so, restore the files from a backup.");
    }

    /** A note about files that no row names, if there are any. They take room and do no harm. */
    List<String> findOrphans() {
        OrphanCounter orphanCounter = new OrphanCounter(Instant.now().minus(orphanAge));
        try {
            Files.walkFileTree(imageDirectory, orphanCounter);
            orphanCounter.countPage();
        } catch (NoSuchFileException e) {
            return List.of();
        } catch (IOException e) {
            return List.of("the image directory " + imageDirectory + " could not be walked: " + e);
        }
        return orphanCounter.files == 0
                ? List.of()
                : List.of(orphanCounter.files + " picture files (" + orphanCounter.bytes
                        + " bytes) have no row, such as " + orphanCounter.example
                        + ": left by crashes, harmless; retention.orphanedFiles clears them away");
    }

    private List<ImageRow> fetchPage(String last) {
        return readOnlySession.runInSnapshot(() -> readOnlySession.query(
                FIND_PAGE,
                List.of(last),
                row -> new ImageRow(
                        row.getString(1), row.getString(2), row.getString(3), row.getLong(4), row.getString(5))));
    }

    private Set<String> findValues(String sql, List<String> ids) {
        return new HashSet<>(readOnlySession.runInSnapshot(() ->
                readOnlySession.query(sql, List.of((Object) ids.toArray(String[]::new)), row -> row.getString(1))));
    }

    private String findProblem(ImageRow imageRow, boolean deep) {
        Path file = imageDirectory.resolve(imageRow.key()).normalize();
        if (!file.startsWith(imageDirectory)) {
            return "whose key leads out of the image directory";
        }
        try {
            long size = Files.size(file);
            if (size != imageRow.bytes()) {
                return "whose file has " + size + " bytes instead of " + imageRow.bytes();
            }
            return !deep || sha256(file).equals(imageRow.sha256())
                    ? null
                    : "whose file has another sha256 than its row";
        } catch (NoSuchFileException e) {
            return "whose file is not there";
        } catch (IOException e) {
            return "whose file cannot be read (" + e.getClass().getSimpleName() + ")";
        }
    }

    private static String sha256(Path file) throws IOException {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            try (InputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
                in.transferTo(java.io.OutputStream.nullOutputStream());
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /** Walks the files and asks, a page at a time, which of them have a row. A file's name is its picture's id. */
    private final class OrphanCounter extends SimpleFileVisitor<Path> {
        private final Instant youngestCounted;
        private final Map<String, Long> page = new LinkedHashMap<>();
        private long files;
        private long bytes;
        private String example;

        private OrphanCounter(Instant youngest) {
            this.youngestCounted = youngest;
        }

        @Override
        public FileVisitResult preVisitDirectory(Path path, BasicFileAttributes attributes) {
            // Pictures that are being written.
            return path.getFileName().toString().startsWith(".") && !path.equals(imageDirectory)
                    ? FileVisitResult.SKIP_SUBTREE
                    : FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            // No image's name begins with a dot.
            boolean image = !file.getFileName().toString().startsWith(".");
            if (image && attributes.lastModifiedTime().toInstant().isBefore(youngestCounted)) {
                page.put(imageDirectory.relativize(file).toString(), attributes.size());
                if (page.size() == PAGE_SIZE) {
                    countPage();
                }
            }
            return FileVisitResult.CONTINUE;
        }

        private void countPage() {
            List<String> ids = page.keySet().stream()
                    .map(ImageFileChecker::imageId)
                    .filter(id -> id.matches("\\p{XDigit}{8}(-\\p{XDigit}{4}){3}-\\p{XDigit}{12}"))
                    .toList();
            Set<String> known = ids.isEmpty() ? Set.of() : findValues(FIND_STORAGE_KEYS, ids);
            page.forEach((key, size) -> {
                if (!known.contains(key)) {
                    files++;
                    bytes += size;
                    example = example == null ? key : example;
                }
            });
            page.clear();
        }
    }

    private static String imageId(String key) {
        String name = key.substring(key.lastIndexOf('/') + 1);
        int dot = name.indexOf('.');
        return dot < 0 ? name : name.substring(0, dot);
    }
}
