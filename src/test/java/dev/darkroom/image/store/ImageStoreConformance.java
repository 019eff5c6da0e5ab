package dev.darkroom.image.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.darkroom.config.SettingsException;
import dev.darkroom.image.ChunkedBytes;
import dev.darkroom.image.Image;
import dev.darkroom.image.ImageFormat;
import dev.darkroom.image.store.ImageStore.FilePages;
import dev.darkroom.image.store.ImageStore.StoredFile;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.io.EOFException;
import java.lang.management.ManagementFactory;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.apache.commons.codec.binary.Hex;
import org.apache.commons.codec.digest.DigestUtils;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What every image store does. A subclass opens stores of one kind. */
public abstract class ImageStoreConformance {
    private static final int BLOCK_BYTES = 1 << 16;
    private static final int MIB = 1 << 20;

    protected final ImageStoreOwner owner = ImageStoreOwner.withoutImages(UUID.randomUUID());
    protected Vertx vertx;
    protected ImageStore store;

    /** Opens a store in the location of this test, which is empty at first. */
    protected abstract Future<ImageStore> open(ImageStoreOwner storeOwner) throws Exception;

    /** Removes the marker from the location. */
    protected abstract void removeMarker() throws Exception;

    @BeforeEach
    void openStore() throws Exception {
        vertx = Vertx.vertx();
        store = await(open(owner));
    }

    @AfterEach
    void closeStore() throws Exception {
        await(store.close());
        await(vertx.close());
    }

    @Test
    void readsStoredImage() throws Exception {
        // given
        Image image = image(300_000);
        String key = newKey();

        // when
        await(store.put(key, image));

        // then
        assertThat(await(store.size(key))).isEqualTo(300_000L);
        assertThat(read(key, 0, 300_000)).isEqualTo(image.bytes().toBytes());
    }

    @Test
    void readsRanges() throws Exception {
        // given
        Image image = image(200_000);
        byte[] bytes = image.bytes().toBytes();
        String key = newKey();
        await(store.put(key, image));

        // then
        for (int[] range : new int[][] {{0, 1}, {1, 100_000}, {65_536, 131_072}, {199_999, 200_000}}) {
            assertThat(read(key, range[0], range[1])).isEqualTo(Arrays.copyOfRange(bytes, range[0], range[1]));
        }
    }

    @Test
    void closesPartlyReadImage() throws Exception {
        // given
        String key = newKey();
        await(store.put(key, image(3 * MIB)));

        // then
        for (int i = 0; i < 20; i++) {
            ImageContent content = await(store.open(key, 0, 3 * MIB));
            assertThat(await(content.read(1_000)).length()).isEqualTo(1_000);
            await(content.close());
        }
        assertThat(read(key, 5, 9)).hasSize(4);
    }

    @Test
    void failsForImageThatIsShorterThanItsRow() throws Exception {
        // given
        String key = newKey();
        await(store.put(key, image(1_000)));

        // when
        ImageContent content = await(store.open(key, 900, 2_000));

        // then
        assertThatThrownBy(() -> await(content.read(1_100))).hasRootCauseInstanceOf(EOFException.class);
        await(content.close());
    }

    @Test
    void failsForUnknownKey() {
        assertThatThrownBy(() -> await(store.open(newKey(), 0, 1)))
                .hasRootCauseInstanceOf(ImageNotFoundException.class);
        assertThatThrownBy(() -> await(store.size(newKey()))).hasRootCauseInstanceOf(ImageNotFoundException.class);
    }

    @Test
    void deletesIdempotently() throws Exception {
        // given
        String key = newKey();
        await(store.put(key, image(10)));

        // when
        await(store.delete(key));
        await(store.delete(key));

        // then
        assertThatThrownBy(() -> await(store.size(key))).hasRootCauseInstanceOf(ImageNotFoundException.class);
    }

    @Test
    void storesTheSameImageTwice() throws Exception {
        // given
        Image image = image(100_000);
        String key = newKey();

        // when
        await(store.put(key, image));
        await(store.put(key, image));
        await(Future.all(store.put(key, image), store.put(key, image)));

        // then
        assertThat(read(key, 0, 100_000)).isEqualTo(image.bytes().toBytes());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "../outside.png",
                "3f/../../outside.png",
                "/etc/passwd",
                ".darkroom",
                "3f/.hidden.png",
                ".incoming/x.png",
                "3f//x.png",
                "3f/x",
                "3f\\x.png",
                "3f/x.png\0",
                "",
                "3f/x.png/"
            })
    void rejectsUnsafeKey(String key) throws Exception {
        assertThatThrownBy(() -> await(store.put(key, image(10))))
                .hasRootCauseInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> await(store.delete(key))).hasRootCauseInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> await(store.open(key, 0, 1))).hasRootCauseInstanceOf(ImageNotFoundException.class);
        assertThatThrownBy(() -> await(store.size(key))).hasRootCauseInstanceOf(ImageNotFoundException.class);
    }

    @Test
    void listsFilesInPages() throws Exception {
        // given
        List<StoredFile> stored = new ArrayList<>();
        for (int i = 1; i <= 7; i++) {
            String key = newKey();
            await(store.put(key, image(i)));
            stored.add(new StoredFile(key, i));
        }

        // then
        assertThat(list(Duration.ofHours(1), 3)).isEmpty();
        // The clock of a store may have whole seconds.
        Awaitility.await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> {
            List<List<StoredFile>> pages = list(Duration.ZERO, 3);
            assertThat(pages).allSatisfy(page -> assertThat(page).hasSizeBetween(1, 3));
            assertThat(pages.stream().flatMap(List::stream)).containsExactlyInAnyOrderElementsOf(stored);
        });
    }

    @Test
    void rejectsTheLocationOfAnotherDatabase() throws Exception {
        // given
        ImageStoreOwner other = ImageStoreOwner.withoutImages(UUID.randomUUID());

        // then
        assertThatThrownBy(() -> await(open(other)))
                .cause()
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining("another database");
        await(await(open(owner)).close());
        await(store.checkOwner());
    }

    @Test
    void distinguishesALostMarkerFromAnotherLocation() throws Exception {
        // given
        String key = newKey();
        await(store.put(key, image(10)));
        removeMarker();

        // when the database names another image
        ImageStoreOwner without =
                new ImageStoreOwner(owner.databaseId(), () -> Future.succeededFuture(List.of(newKey())));
        assertThatThrownBy(() -> await(open(without)))
                .cause()
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining("none of the images")
                .hasMessageContaining(owner.databaseId().toString());
        assertThatThrownBy(() -> await(store.checkOwner())).cause().isInstanceOf(ImageStoreException.class);

        // then the marker is written when the database names a stored image
        ImageStoreOwner with =
                new ImageStoreOwner(owner.databaseId(), () -> Future.succeededFuture(List.of(newKey(), key)));
        await(await(open(with)).close());
        await(store.checkOwner());
    }

    @Test
    void checksThatItIsWritable() throws Exception {
        // given
        String key = newKey();
        await(store.put(key, image(10)));

        // when
        await(store.checkWritable());
        await(store.checkWritable());

        // then
        Awaitility.await()
                .atMost(Duration.ofSeconds(60))
                .untilAsserted(
                        () -> assertThat(list(Duration.ZERO, 100)).containsExactly(List.of(new StoredFile(key, 10))));
    }

    @Test
    void storesALargeImageInLittleMemory() throws Exception {
        // given
        int size = 100 * MIB;
        Image image = image(size);
        String key = newKey();
        long before = usedHeap();

        // when
        await(store.put(key, image));

        // then
        awaitUsedHeap(before + 20 * MIB);
        MessageDigest digest = DigestUtils.getSha256Digest();
        ImageContent content = await(store.open(key, 0, size));
        await(content.readBlocks(size, block -> digest.update(block.getBytes())));
        await(content.close());
        assertThat(Hex.encodeHexString(digest.digest())).isEqualTo(image.sha256());
        awaitUsedHeap(before + 20 * MIB);
    }

    @Test
    void readsAThousandImagesInParallelInLittleMemory() throws Exception {
        // given
        int size = 2 * MIB;
        int readers = 1_000;
        Image image = image(size);
        byte[] tail = Arrays.copyOfRange(image.bytes().toBytes(), size - BLOCK_BYTES, size);
        String key = newKey();
        await(store.put(key, image));
        long before = usedHeap();

        // when all readers wait after their first block
        AtomicInteger waiting = new AtomicInteger();
        Promise<Void> gate = Promise.promise();
        List<Future<Buffer>> reads = IntStream.range(0, readers)
                .mapToObj(i -> store.open(key, 0, size)
                        .compose(content -> content.read(BLOCK_BYTES)
                                .compose(block -> {
                                    waiting.incrementAndGet();
                                    return gate.future();
                                })
                                .compose(released -> readLast(content, size - BLOCK_BYTES))
                                .eventually(content::close)))
                .toList();
        Awaitility.await("readers with a block")
                .atMost(Duration.ofSeconds(60))
                .until(() -> waiting.get() >= parallelReaders());

        // then
        awaitUsedHeap(before + parallelReaders() * (size / 4L));
        gate.complete();
        for (Future<Buffer> read : reads) {
            assertThat(await(read).getBytes()).isEqualTo(tail);
        }
    }

    /** Returns how many readers the store or its server certainly serves at the same time. */
    protected int parallelReaders() {
        return 1_000;
    }

    /** Reads the remaining bytes and returns the last block. */
    private static Future<Buffer> readLast(ImageContent content, int remaining) {
        return content.read(BLOCK_BYTES)
                .compose(block -> remaining == BLOCK_BYTES
                        ? Future.succeededFuture(block)
                        : readLast(content, remaining - BLOCK_BYTES));
    }

    /** Waits until the used heap is below a limit: other threads of the test JVM use some heap for a while. */
    private static void awaitUsedHeap(long limit) {
        Awaitility.await("used heap")
                .atMost(Duration.ofSeconds(60))
                .untilAsserted(() -> assertThat(usedHeap()).isLessThan(limit));
    }

    private static long usedHeap() {
        System.gc();
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }

    protected final List<List<StoredFile>> list(Duration age, int limit) throws Exception {
        FilePages files = store.listStaleFiles(age, limit);
        List<List<StoredFile>> pages = new ArrayList<>();
        for (List<StoredFile> page = await(files.next()); !page.isEmpty(); page = await(files.next())) {
            pages.add(page);
        }
        return pages;
    }

    protected final byte[] read(String key, int start, int end) throws Exception {
        ImageContent content = await(store.open(key, start, end));
        return await(content.read(end - start).eventually(content::close)).getBytes();
    }

    protected static String newKey() {
        UUID generation = UUID.randomUUID();
        return ImageKeyFactory.createKey(
                ImageKeyFactory.createId(generation, UUID.randomUUID(), 1, 0), ImageFormat.PNG);
    }

    /** Returns an image of random bytes. */
    protected static Image image(int size) {
        Random random = new Random(size);
        ChunkedBytes.Builder builder = new ChunkedBytes.Builder();
        byte[] block = new byte[BLOCK_BYTES];
        MessageDigest digest = DigestUtils.getSha256Digest();
        for (int remaining = size; remaining > 0; remaining -= BLOCK_BYTES) {
            random.nextBytes(block);
            builder.append(block, 0, Math.min(BLOCK_BYTES, remaining));
            digest.update(block, 0, Math.min(BLOCK_BYTES, remaining));
        }
        return new Image(builder.build(), ImageFormat.PNG, 1, 1, Hex.encodeHexString(digest.digest()));
    }

    protected static <T> T await(Future<T> future) throws Exception {
        return future.toCompletionStage().toCompletableFuture().get(120, TimeUnit.SECONDS);
    }
}
