package dev.darkroom.doctor;

import dev.darkroom.doctor.Report.Finding;
import dev.darkroom.doctor.Report.Result;
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
final class PictureFiles {
    private static final int PAGE = 2_000;
    private static final String FIRST_ID = "00000000-0000-0000-0000-000000000000";

    private static final String NEXT_PAGE = """
            SELECT id::text, generation_id::text, storage_key, bytes, sha256 FROM images
            WHERE id > ?::uuid ORDER BY images.id LIMIT\s""" + PAGE;

    /** As {@code DirectoryMarker} of the image store names it. */
    private static final String MARKER = ".darkroom";

    private static final String DATABASE_ID = "SELECT id::text FROM installation WHERE EXISTS (SELECT FROM images)";

    private static final String STILL_THERE = "SELECT id::text FROM images WHERE id = ANY (?::uuid[])";
    private static final String KEYS = "SELECT storage_key FROM images WHERE id = ANY (?::uuid[])";

    private final Session session;
    private final Path directory;
    private final Duration orphanAge;

    PictureFiles(Session session, Path directory, Duration orphanAge) {
        this.session = session;
        this.directory = directory;
        this.orphanAge = orphanAge;
    }

    private record Picture(String id, String generation, String key, long bytes, String sha256) {}

    /** The directory names this database, unless the database names no images. */
    Result directory() {
        List<Finding> findings = new ArrayList<>();
        for (String id : session.inSnapshot(() -> session.query(DATABASE_ID, List.of(), row -> row.getString(1)))) {
            String what = marker(id);
            if (what != null) {
                findings.add(new Finding("image directory", directory.toString(), what));
            }
        }
        return new Result(
                "files",
                "the image directory is that of this database",
                findings.size(),
                findings,
                "Is it mounted, and is DARKROOM_IMAGE_DIR right? No process stores images until it is.");
    }

    private String marker(String id) {
        try {
            String found = Files.readString(directory.resolve(MARKER)).strip();
            return found.equals(id) ? null : "belongs to another database, as its file " + MARKER + " says";
        } catch (NoSuchFileException e) {
            return "has no file " + MARKER;
        } catch (IOException e) {
            return "cannot be read (" + e.getClass().getSimpleName() + ")";
        }
    }

    /** Every row's file is there, with the recorded size, and if {@code deep} with the recorded content. */
    Result check(boolean deep) {
        long total = 0;
        List<Finding> findings = new ArrayList<>();
        String last = FIRST_ID;
        while (true) {
            List<Picture> page = nextPage(last);
            if (page.isEmpty()) {
                break;
            }
            last = page.get(page.size() - 1).id();
            Map<Picture, String> wrong = new LinkedHashMap<>();
            for (Picture picture : page) {
                String what = wrong(picture, deep);
                if (what != null) {
                    wrong.put(picture, what);
                }
            }
            // Housekeeping may have deleted row and file in between.
            Set<String> there = wrong.isEmpty()
                    ? Set.of()
                    : ask(STILL_THERE, wrong.keySet().stream().map(Picture::id).toList());
            wrong.keySet().removeIf(picture -> !there.contains(picture.id()));
            total += wrong.size();
            wrong.forEach((picture, what) -> {
                if (findings.size() < Doctor.SHOWN) {
                    findings.add(new Finding(
                            "generation", picture.generation(), "has picture " + picture.key() + ", " + what));
                }
            });
        }
        return new Result(
                "files",
                deep ? "every picture's file is there, byte for byte" : "every picture's file is there, with its size",
                total,
                findings,
                "Is " + directory
                        + " the image directory that all processes share? If so, restore the files from a backup.");
    }

    /** A note about files that no row names, if there are any. They take room and do no harm. */
    List<String> orphans() {
        Count count = new Count(Instant.now().minus(orphanAge));
        try {
            Files.walkFileTree(directory, count);
            count.look();
        } catch (NoSuchFileException e) {
            return List.of();
        } catch (IOException e) {
            return List.of("the image directory " + directory + " could not be walked: " + e);
        }
        return count.files == 0
                ? List.of()
                : List.of(count.files + " picture files (" + count.bytes + " bytes) have no row, such as "
                        + count.example + ": left by crashes, harmless; retention.orphans clears them away");
    }

    private List<Picture> nextPage(String last) {
        return session.inSnapshot(() -> session.query(
                NEXT_PAGE,
                List.of(last),
                row -> new Picture(
                        row.getString(1), row.getString(2), row.getString(3), row.getLong(4), row.getString(5))));
    }

    private Set<String> ask(String sql, List<String> ids) {
        return new HashSet<>(session.inSnapshot(
                () -> session.query(sql, List.of((Object) ids.toArray(String[]::new)), row -> row.getString(1))));
    }

    private String wrong(Picture picture, boolean deep) {
        Path file = directory.resolve(picture.key()).normalize();
        if (!file.startsWith(directory)) {
            return "whose key leads out of the image directory";
        }
        try {
            long size = Files.size(file);
            if (size != picture.bytes()) {
                return "whose file has " + size + " bytes instead of " + picture.bytes();
            }
            return !deep || sha256(file).equals(picture.sha256()) ? null : "whose file has another sha256 than its row";
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
    private final class Count extends SimpleFileVisitor<Path> {
        private final Instant youngest;
        private final Map<String, Long> page = new LinkedHashMap<>();
        private long files;
        private long bytes;
        private String example;

        private Count(Instant youngest) {
            this.youngest = youngest;
        }

        @Override
        public FileVisitResult preVisitDirectory(Path path, BasicFileAttributes attributes) {
            // Pictures that are being written.
            return path.getFileName().toString().startsWith(".") && !path.equals(directory)
                    ? FileVisitResult.SKIP_SUBTREE
                    : FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            // No image's name begins with a dot.
            boolean image = !file.getFileName().toString().startsWith(".");
            if (image && attributes.lastModifiedTime().toInstant().isBefore(youngest)) {
                page.put(directory.relativize(file).toString(), attributes.size());
                if (page.size() == PAGE) {
                    look();
                }
            }
            return FileVisitResult.CONTINUE;
        }

        private void look() {
            List<String> ids = page.keySet().stream()
                    .map(PictureFiles::id)
                    .filter(id -> id.matches("\\p{XDigit}{8}(-\\p{XDigit}{4}){3}-\\p{XDigit}{12}"))
                    .toList();
            Set<String> known = ids.isEmpty() ? Set.of() : ask(KEYS, ids);
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

    private static String id(String key) {
        String name = key.substring(key.lastIndexOf('/') + 1);
        int dot = name.indexOf('.');
        return dot < 0 ? name : name.substring(0, dot);
    }
}
