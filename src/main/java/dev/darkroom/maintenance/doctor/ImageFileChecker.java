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
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.commons.codec.digest.DigestUtils;

/**
 * Compares image files with their rows. Works page by page, so that neither the duration of a transaction nor the memory depends on the
 * number of images. Blocking, for one thread.
 *
 * @param orphanAge minimum age of files that count as orphaned
 */
record ImageFileChecker(ReadOnlySession readOnlySession, Path imageDirectory, Duration orphanAge) {
    private static final int PAGE_SIZE = 2_000;
    private static final String FIRST_ID = "00000000-0000-0000-0000-000000000000";

    private static final String FIND_PAGE = """
            SELECT id::text, kind, owner_id::text, storage_key, bytes, sha256
            FROM (SELECT id, 'generation' AS kind, generation_id AS owner_id, storage_key, bytes, sha256 FROM images
                  UNION ALL SELECT id, 'upload', id, storage_key, bytes, sha256 FROM uploads) files
            WHERE files.id > ?::uuid ORDER BY files.id LIMIT\s""" + PAGE_SIZE;

    /** Name of the file written by {@code ImageDirectoryMarker}, which contains the id of the database. */
    private static final String MARKER_FILE = ".darkroom";

    /** Selects the id of the database; no row if the database has no images. */
    private static final String FIND_DATABASE_ID =
            "SELECT id::text FROM installation WHERE EXISTS (SELECT FROM images)";

    private static final String FIND_EXISTING_IDS = """
            SELECT id::text FROM (SELECT id FROM images UNION ALL SELECT id FROM uploads) files WHERE files.id = ANY (?::uuid[])""";
    private static final String FIND_STORAGE_KEYS = """
            SELECT storage_key FROM (SELECT id, storage_key FROM images UNION ALL SELECT id, storage_key FROM uploads) files
            WHERE files.id = ANY (?::uuid[])""";

    /** @param kind of the owner: {@code generation} or {@code upload} */
    private record ImageRow(String id, String kind, String owner, String key, long bytes, String sha256) {}

    /** Checks that the image directory belongs to this database, unless the database has no images. */
    CheckResult checkDirectory() {
        List<Finding> findings = new ArrayList<>();
        for (String id : readOnlySession.runInSnapshot(
                () -> readOnlySession.query(FIND_DATABASE_ID, List.of(), row -> row.getString(1)))) {
            String problem = checkMarker(id);
            if (problem != null) {
                findings.add(new Finding("image directory", imageDirectory.toString(), problem));
            }
        }
        return new CheckResult(
                "files",
                "the image directory belongs to this database",
                findings.size(),
                findings,
                "Check the mount and DARKROOM_IMAGE_DIR. Processes do not store images until this is corrected.");
    }

    /** Returns the problem with the marker file; null if it contains {@code databaseId}. */
    private String checkMarker(String databaseId) {
        try {
            String markerId =
                    Files.readString(imageDirectory.resolve(MARKER_FILE)).strip();
            return markerId.equals(databaseId)
                    ? null
                    : "belongs to another database according to its file " + MARKER_FILE;
        } catch (NoSuchFileException e) {
            return "has no file " + MARKER_FILE;
        } catch (IOException e) {
            return "cannot be read (" + e.getClass().getSimpleName() + ")";
        }
    }

    /** Checks that every image has a file with the recorded size and, if {@code deep}, with the recorded SHA-256. */
    CheckResult checkFiles(boolean deep) {
        long total = 0;
        List<Finding> findings = new ArrayList<>();
        String lastId = FIRST_ID;
        while (true) {
            List<ImageRow> page = fetchPage(lastId);
            if (page.isEmpty()) {
                break;
            }
            lastId = page.get(page.size() - 1).id();
            Map<ImageRow, String> problems = findProblems(page, deep);
            total += problems.size();
            problems.forEach((imageRow, problem) -> {
                if (findings.size() < DatabaseDoctor.MAX_FINDINGS) {
                    findings.add(new Finding(
                            imageRow.kind(), imageRow.owner(), "has image " + imageRow.key() + ": " + problem));
                }
            });
        }
        return new CheckResult(
                "files",
                deep
                        ? "each image has a file with the recorded size and SHA-256"
                        : "each image has a file with the recorded size",
                total,
                findings,
                "Check that " + imageDirectory
                        + " is the image directory that all processes share, then restore the files from a backup.");
    }

    private Map<ImageRow, String> findProblems(List<ImageRow> page, boolean deep) {
        Map<ImageRow, String> problems = new LinkedHashMap<>();
        for (ImageRow imageRow : page) {
            String problem = findProblem(imageRow, deep);
            if (problem != null) {
                problems.put(imageRow, problem);
            }
        }
        // Retention may have deleted row and file since the page was read.
        Set<String> existingIds = problems.isEmpty()
                ? Set.of()
                : findValues(
                        FIND_EXISTING_IDS,
                        problems.keySet().stream().map(ImageRow::id).toList());
        problems.keySet().removeIf(imageRow -> !existingIds.contains(imageRow.id()));
        return problems;
    }

    /** Returns a note about files without a row; empty if there are none. Such files use disk space and are otherwise harmless. */
    List<String> findOrphans() {
        OrphanCounter orphanCounter = new OrphanCounter(Instant.now().minus(orphanAge));
        try {
            Files.walkFileTree(imageDirectory, orphanCounter);
            orphanCounter.countPage();
        } catch (NoSuchFileException e) {
            return List.of();
        } catch (IOException e) {
            return List.of("image directory " + imageDirectory + " not readable: " + e);
        }
        return orphanCounter.files == 0
                ? List.of()
                : List.of(orphanCounter.files + " image files (" + orphanCounter.bytes
                        + " bytes) have no row, for example " + orphanCounter.example
                        + ": left by crashes, harmless, deleted by retention.orphanedFiles");
    }

    private List<ImageRow> fetchPage(String afterId) {
        return readOnlySession.runInSnapshot(() -> readOnlySession.query(
                FIND_PAGE,
                List.of(afterId),
                row -> new ImageRow(
                        row.getString(1),
                        row.getString(2),
                        row.getString(3),
                        row.getString(4),
                        row.getLong(5),
                        row.getString(6))));
    }

    private Set<String> findValues(String sql, List<String> ids) {
        return new HashSet<>(readOnlySession.runInSnapshot(() ->
                readOnlySession.query(sql, List.of((Object) ids.toArray(String[]::new)), row -> row.getString(1))));
    }

    /** Returns the problem with the file of an image; null if there is none. */
    private String findProblem(ImageRow imageRow, boolean deep) {
        Path file = imageDirectory.resolve(imageRow.key()).normalize();
        if (!file.startsWith(imageDirectory)) {
            return "key outside the image directory";
        }
        try {
            long size = Files.size(file);
            if (size != imageRow.bytes()) {
                return "file has " + size + " bytes instead of " + imageRow.bytes();
            }
            return !deep || sha256(file).equals(imageRow.sha256()) ? null : "SHA-256 of the file differs from the row";
        } catch (NoSuchFileException e) {
            return "file missing";
        } catch (IOException e) {
            return "file not readable (" + e.getClass().getSimpleName() + ")";
        }
    }

    private static String sha256(Path file) throws IOException {
        try (InputStream content = Files.newInputStream(file)) {
            return DigestUtils.sha256Hex(content);
        }
    }

    /** Counts the files without a row. Looks up the image ids, which are the file names, one page at a time. */
    private final class OrphanCounter extends SimpleFileVisitor<Path> {
        private final Instant maxModifiedAt;
        /** Sizes of the files of the current page in bytes, by storage key. */
        private final Map<String, Long> page = new LinkedHashMap<>();

        private long files;
        private long bytes;
        private String example;

        private OrphanCounter(Instant maxModifiedAt) {
            this.maxModifiedAt = maxModifiedAt;
        }

        @Override
        public FileVisitResult preVisitDirectory(Path path, BasicFileAttributes attributes) {
            // Skip directories of images that are being written.
            return path.getFileName().toString().startsWith(".") && !path.equals(imageDirectory)
                    ? FileVisitResult.SKIP_SUBTREE
                    : FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            // Names of image files never start with a dot.
            boolean image = !file.getFileName().toString().startsWith(".");
            if (image && attributes.lastModifiedTime().toInstant().isBefore(maxModifiedAt)) {
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
