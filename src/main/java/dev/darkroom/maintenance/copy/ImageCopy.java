package dev.darkroom.maintenance.copy;

import dev.darkroom.database.Database;
import dev.darkroom.image.store.ImageStore;
import dev.darkroom.image.store.ImageStoreException;
import dev.darkroom.maintenance.copy.ImageTransfer.Comparison;
import dev.darkroom.maintenance.copy.ImageTransfer.Outcome;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Copies the images of all rows from one store to another, also while processes store images. Copies what the target does not have, so that
 * an interrupted copy can be repeated. Blocking: do not call on an event loop.
 *
 * <p>The first pass examines all images. Each further pass examines the images whose rows may have been inserted since the previous pass
 * started. The copy ends after a pass that copied nothing, or no fewer images than the previous one: then images are stored faster than
 * passes end.
 */
public final class ImageCopy {
    private static final int PAGE_SIZE = 1_000;
    private static final Duration FOLLOW_INTERVAL = Duration.ofSeconds(2);

    /** A copy with more problems ends. Keeps its memory small. */
    private static final int MAX_PROBLEMS = 10_000;

    private final Vertx vertx;
    private final ImageRowStore rows;
    private final ImageTransfer transfer;
    private final Options options;
    private final ImageStore target;
    private final CopyProgress progress;
    private final Semaphore freeTransfers;
    private final Semaphore freeBytes;

    /**
     * Options of a copy.
     *
     * @param concurrency maximum number of images that are examined or copied at the same time
     * @param maxBytes maximum size of the images that are copied at the same time, together; a larger image is copied alone
     * @param verify whether to compare the bytes of images that the target has, not the recorded SHA-256
     * @param follow whether to go on with new images
     */
    public record Options(int concurrency, int maxBytes, boolean verify, boolean follow) {}

    /**
     * @param database contains the rows
     * @param source for reading
     * @param progress receives a line for operators every ten seconds
     */
    public ImageCopy(
            Vertx vertx,
            Database database,
            ImageStore source,
            ImageStore target,
            Options options,
            Consumer<String> progress) {
        this.vertx = vertx;
        this.rows = new ImageRowStore(database);
        this.transfer = new ImageTransfer(source, target);
        this.options = options;
        this.target = target;
        this.progress = new CopyProgress(progress);
        this.freeTransfers = new Semaphore(options.concurrency());
        this.freeBytes = new Semaphore(options.maxBytes());
    }

    /**
     * Copies the images. With {@code follow}, ends only with an exception.
     *
     * @throws ImageStoreException when no image of a page could be copied because a store fails, or when too many images are missing
     */
    public CopySummary run() throws ImageStoreException, InterruptedException {
        UUID start = ImageRowStore.FIRST;
        long previous = Long.MAX_VALUE;
        while (true) {
            UUID nextStart = rows.findLowestNewId().await();
            long copied = runPass(start);
            if (options.follow()) {
                vertx.timer(FOLLOW_INTERVAL.toMillis(), TimeUnit.MILLISECONDS).await();
            } else if (copied == 0 || copied >= previous) {
                return progress.summary();
            }
            start = nextStart;
            previous = copied;
        }
    }

    /** Returns the number of copied images. */
    private long runPass(UUID start) throws ImageStoreException, InterruptedException {
        boolean first = start.equals(ImageRowStore.FIRST);
        long copiedBefore = progress.summary().copied();
        UUID last = start;
        for (List<ImageRow> page = findPage(last); !page.isEmpty(); page = findPage(last)) {
            last = page.get(page.size() - 1).id();
            copyPage(page, first);
            progress.reportSometimes();
        }
        return progress.summary().copied() - copiedBefore;
    }

    private List<ImageRow> findPage(UUID after) {
        return rows.findPage(after, PAGE_SIZE).await();
    }

    private void copyPage(List<ImageRow> page, boolean first) throws ImageStoreException, InterruptedException {
        // Later passes find images that the first pass has compared, or that processes have stored.
        Comparison comparison = options.verify() ? Comparison.BYTES : first ? Comparison.SHA256 : Comparison.SIZE;
        Map<ImageRow, Future<Outcome>> transfers = new HashMap<>();
        for (ImageRow row : page) {
            transfers.put(row, startTransfer(row, comparison));
        }
        Future.join(List.copyOf(transfers.values()))
                .transform(ended -> Future.succeededFuture())
                .await();
        record(transfers, first);
    }

    /** Waits until there is room for the image. */
    private Future<Outcome> startTransfer(ImageRow row, Comparison comparison) throws InterruptedException {
        int bytes = Math.min(row.bytes(), options.maxBytes());
        freeTransfers.acquire();
        freeBytes.acquire(bytes);
        return transfer.transfer(row, comparison).onComplete(ended -> {
            freeBytes.release(bytes);
            freeTransfers.release();
        });
    }

    private void record(Map<ImageRow, Future<Outcome>> transfers, boolean first) throws ImageStoreException {
        Set<UUID> existing = findExistingUnlessPresent(transfers);
        List<Future<Void>> deletions = new ArrayList<>();
        Throwable failure = null;
        int failures = 0;
        for (Map.Entry<ImageRow, Future<Outcome>> ended : transfers.entrySet()) {
            ImageRow row = ended.getKey();
            if (isPresent(ended.getValue()) || existing.contains(row.id())) {
                if (ended.getValue().succeeded()) {
                    progress.add(row, ended.getValue().result(), first);
                } else {
                    failure = ended.getValue().cause();
                    failures++;
                    progress.addProblem(row, String.valueOf(failure));
                }
            } else {
                // The service deleted the image, perhaps before the copy had stored it in the target.
                deletions.add(target.delete(row.key()));
            }
        }
        Future.all(deletions).await();
        if (failures == transfers.size()) {
            throw new ImageStoreException("no image of " + failures + " could be copied: " + failure);
        }
        if (progress.problemCount() > MAX_PROBLEMS) {
            throw new ImageStoreException("more than " + MAX_PROBLEMS + " images could not be copied, for example "
                    + progress.summary().problemLines().get(0));
        }
    }

    private Set<UUID> findExistingUnlessPresent(Map<ImageRow, Future<Outcome>> transfers) {
        List<UUID> ids = transfers.entrySet().stream()
                .filter(ended -> !isPresent(ended.getValue()))
                .map(ended -> ended.getKey().id())
                .toList();
        return ids.isEmpty() ? Set.of() : rows.findExisting(ids).await();
    }

    private static boolean isPresent(Future<Outcome> ended) {
        return ended.result() == Outcome.PRESENT;
    }
}
