package dev.darkroom.maintenance.doctor;

import dev.darkroom.image.store.ImageKeyFactory;
import dev.darkroom.image.store.ImageNotFoundException;
import dev.darkroom.image.store.ImageStore;
import dev.darkroom.image.store.ImageStore.FilePages;
import dev.darkroom.image.store.ImageStore.StoredFile;
import dev.darkroom.image.store.ImageStoreException;
import dev.darkroom.maintenance.doctor.DoctorReport.CheckResult;
import dev.darkroom.maintenance.doctor.DoctorReport.Finding;
import io.vertx.core.Future;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletionException;
import org.apache.commons.codec.binary.Hex;
import org.apache.commons.codec.digest.DigestUtils;

/**
 * Compares image files with their rows. Works page by page, so that neither the duration of a transaction nor the memory depends on the
 * number of images. Blocking, for one thread.
 *
 * @param orphanAge minimum age of files that count as orphaned
 */
record ImageFileChecker(ReadOnlySession readOnlySession, ImageStore imageStore, Duration orphanAge) {
    private static final int PAGE_SIZE = 2_000;

    /** Number of files that are examined concurrently. A response of an object store takes milliseconds. */
    private static final int CONCURRENCY = 32;

    private static final String FIRST_ID = "00000000-0000-0000-0000-000000000000";

    private static final String FIND_PAGE = """
            SELECT id::text, kind, owner_id::text, storage_key, bytes, sha256
            FROM (SELECT id, 'generation' AS kind, generation_id AS owner_id, storage_key, bytes, sha256 FROM images
                  UNION ALL SELECT id, 'upload', id, storage_key, bytes, sha256 FROM uploads) files
            WHERE files.id > ?::uuid ORDER BY files.id LIMIT\s""" + PAGE_SIZE;

    private static final String FIND_IMAGES = "SELECT 1 FROM images LIMIT 1";

    private static final String FIND_EXISTING_IDS = """
            SELECT id::text FROM (SELECT id FROM images UNION ALL SELECT id FROM uploads) files WHERE files.id = ANY (?::uuid[])""";
    private static final String FIND_STORAGE_KEYS = """
            SELECT storage_key FROM (SELECT id, storage_key FROM images UNION ALL SELECT id, storage_key FROM uploads) files
            WHERE files.id = ANY (?::uuid[])""";

    /** @param kind of the owner: {@code generation} or {@code upload} */
    private record ImageRow(String id, String kind, String owner, String key, long bytes, String sha256) {}

    /** Checks that the image store belongs to this database, unless the database has no images. */
    CheckResult checkOwner() {
        List<Finding> findings = new ArrayList<>();
        boolean hasImages = !readOnlySession
                .runInSnapshot(() -> readOnlySession.query(FIND_IMAGES, List.of(), row -> row.getInt(1)))
                .isEmpty();
        if (hasImages) {
            await(imageStore
                            .checkOwner()
                            .map(Optional.<String>empty())
                            .otherwise(failure -> Optional.of(describe(failure))))
                    .ifPresent(problem -> findings.add(new Finding("image store", imageStore.location(), problem)));
        }
        return new CheckResult(
                "files",
                "the image store belongs to this database",
                findings.size(),
                findings,
                "Check the settings of the image store, and the mount of a directory. Processes do not store images until this is corrected.");
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
                "Check that " + imageStore.location()
                        + " is the image store that all processes share, then restore the files from a backup.");
    }

    private Map<ImageRow, String> findProblems(List<ImageRow> page, boolean deep) {
        Map<ImageRow, String> problems = new LinkedHashMap<>();
        for (int from = 0; from < page.size(); from += CONCURRENCY) {
            Map<ImageRow, Future<Optional<String>>> examined = new LinkedHashMap<>();
            page.subList(from, Math.min(page.size(), from + CONCURRENCY))
                    .forEach(imageRow -> examined.put(imageRow, findProblem(imageRow, deep)));
            examined.forEach((imageRow, problem) ->
                    await(problem).ifPresent(description -> problems.put(imageRow, description)));
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

    /** Returns a note about files without a row; empty if there are none. Such files use space and are otherwise harmless. */
    List<String> findOrphans() {
        FilePages pages = imageStore.listStaleFiles(orphanAge, PAGE_SIZE);
        long count = 0;
        long bytes = 0;
        String example = null;
        try {
            for (List<StoredFile> page = await(pages.next()); !page.isEmpty(); page = await(pages.next())) {
                List<StoredFile> orphans = withoutRow(page);
                count += orphans.size();
                bytes += orphans.stream().mapToLong(StoredFile::bytes).sum();
                example = example == null && !orphans.isEmpty() ? orphans.get(0).key() : example;
            }
        } catch (CompletionException e) {
            return List.of("files of the image store " + imageStore.location() + " not listed: " + e.getCause());
        }
        return count == 0
                ? List.of()
                : List.of(count + " image files (" + bytes + " bytes) have no row, for example " + example
                        + ": left by crashes, harmless, deleted by retention.orphanedFiles");
    }

    /** Looks up the image ids, which are the file names. */
    private List<StoredFile> withoutRow(List<StoredFile> page) {
        List<String> ids = page.stream()
                .flatMap(file -> ImageKeyFactory.idOf(file.key()).stream())
                .map(UUID::toString)
                .toList();
        Set<String> known = ids.isEmpty() ? Set.of() : findValues(FIND_STORAGE_KEYS, ids);
        return page.stream().filter(file -> !known.contains(file.key())).toList();
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

    /** Returns the problem with the file of an image; empty if there is none. Never fails. */
    private Future<Optional<String>> findProblem(ImageRow imageRow, boolean deep) {
        return imageStore
                .size(imageRow.key())
                .compose(size -> {
                    if (size != imageRow.bytes()) {
                        return Future.succeededFuture(
                                Optional.of("file has " + size + " bytes instead of " + imageRow.bytes()));
                    }
                    return deep && size > 0 ? compareHash(imageRow) : Future.succeededFuture(Optional.<String>empty());
                })
                .otherwise(failure -> Optional.of(
                        failure instanceof ImageNotFoundException
                                ? "file missing"
                                : "file not readable (" + describe(failure) + ")"));
    }

    private Future<Optional<String>> compareHash(ImageRow imageRow) {
        MessageDigest digest = DigestUtils.getSha256Digest();
        return imageStore
                .open(imageRow.key(), 0, imageRow.bytes())
                .compose(content -> content.readBlocks(imageRow.bytes(), block -> digest.update(block.getBytes()))
                        .eventually(content::close))
                .map(read -> Hex.encodeHexString(digest.digest()).equals(imageRow.sha256())
                        ? Optional.empty()
                        : Optional.of("SHA-256 of the file differs from the row"));
    }

    /** @throws CompletionException with the cause, if the future fails */
    private static <T> T await(Future<T> future) {
        return future.toCompletionStage().toCompletableFuture().join();
    }

    private static String describe(Throwable failure) {
        return failure instanceof ImageStoreException
                ? failure.getMessage()
                : failure.getClass().getSimpleName();
    }
}
