package dev.darkroom.maintenance.copy;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.SettingsLoader;
import dev.darkroom.database.Database;
import dev.darkroom.image.ChunkedBytes;
import dev.darkroom.image.Image;
import dev.darkroom.image.ImageFormat;
import dev.darkroom.image.store.ImageKeyFactory;
import dev.darkroom.image.store.ImageStore;
import dev.darkroom.image.store.ImageStoreOwner;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.apache.commons.codec.digest.DigestUtils;

/** A database whose images are copied. */
final class ImageCopyFixture implements AutoCloseable {
    static final int IMAGE_BYTES = 10_000;
    private static final int CONCURRENCY = 4;
    private static final int MAX_BYTES = 1 << 20;

    final Vertx vertx = Vertx.vertx();
    final DatabaseUrl url = TestPostgres.migratedDatabase();
    final ImageStoreOwner owner = ImageStoreOwner.withoutImages(UUID.fromString(
            TestPostgres.query(url, "SELECT id FROM installation").get(0)));
    final Database database = Database.open(
            vertx,
            url,
            SettingsLoader.load(
                            DarkroomInstanceSettings.forTests().database(url).environment(), Path.of("/nowhere/at/all"))
                    .settings()
                    .database());
    private final Random random = new Random(1);

    /** A stored image and its id. */
    record StoredImage(UUID id, String key, Image image) {}

    /** Stores an image, and then its row, as the worker does. */
    StoredImage store(ImageStore store) {
        return insert(put(store), "images");
    }

    /** Stores an upload. */
    StoredImage storeUpload(ImageStore store) {
        return insert(put(store), "uploads");
    }

    /** Stores an image that has no row yet. */
    StoredImage put(ImageStore store) {
        long time = System.currentTimeMillis() << 16 | 0x7000;
        UUID id = ImageKeyFactory.createId(new UUID(time, random.nextLong()), UUID.randomUUID(), 1, 0);
        byte[] bytes = new byte[IMAGE_BYTES];
        random.nextBytes(bytes);
        Image image = image(bytes);
        String key = ImageKeyFactory.createKey(id, ImageFormat.PNG);
        get(store.put(key, image));
        return new StoredImage(id, key, image);
    }

    static Image image(byte[] bytes) {
        return new Image(ChunkedBytes.of(bytes), ImageFormat.PNG, 1, 1, DigestUtils.sha256Hex(bytes));
    }

    StoredImage insert(StoredImage stored, String table) {
        String columns = table.equals("images")
                ? "generation_id, position, content_type) SELECT id, key, bytes, sha256, 1, 1, gen_random_uuid(), 0, 'image/png'"
                : "user_id, media_type, expires_at) SELECT id, key, bytes, sha256, 1, 1, 'mary', 'image/png', now() + interval '1 h'";
        TestPostgres.execute(
                url,
                "INSERT INTO " + table + " (id, storage_key, bytes, sha256, width, height, " + columns
                        + " FROM (VALUES ('" + stored.id() + "'::uuid, '" + stored.key() + "', " + IMAGE_BYTES + ", '"
                        + stored.image().sha256() + "')) stored (id, key, bytes, sha256)");
        return stored;
    }

    void deleteRow(StoredImage stored) {
        TestPostgres.execute(url, "DELETE FROM images WHERE id = '" + stored.id() + "'");
    }

    CopySummary copy(ImageStore from, ImageStore to) throws Exception {
        return copy(from, to, false);
    }

    CopySummary copy(ImageStore from, ImageStore to, boolean verify) throws Exception {
        return copy(from, to, new ImageCopy.Options(CONCURRENCY, MAX_BYTES, verify, false));
    }

    CopySummary copy(ImageStore from, ImageStore to, ImageCopy.Options options) throws Exception {
        return new ImageCopy(vertx, database, from, to, options, line -> {}).run();
    }

    static byte[] read(ImageStore store, String key) {
        long size = get(store.size(key));
        return get(store.open(key, 0, size)
                        .compose(content -> content.read((int) size).eventually(content::close)))
                .getBytes();
    }

    static <T> T get(Future<T> future) {
        try {
            return future.toCompletionStage().toCompletableFuture().get(120, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new IllegalStateException(e.getMessage(), e);
        }
    }

    @Override
    public void close() {
        get(database.close());
        get(vertx.close());
    }
}
