package dev.darkroom.benchmark;

import dev.darkroom.image.ChunkedBytes;
import dev.darkroom.image.Image;
import dev.darkroom.image.ImageFormat;
import dev.darkroom.image.s3.S3ImageStore;
import dev.darkroom.image.store.ImageContent;
import dev.darkroom.image.store.ImageKeyFactory;
import dev.darkroom.image.store.ImageStore;
import dev.darkroom.image.store.ImageStoreOwner;
import dev.darkroom.testing.TestDirectories;
import dev.darkroom.testing.s3.S3ProxyServer;
import dev.darkroom.testing.s3.S3Server;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.apache.commons.codec.digest.DigestUtils;
import software.amazon.awssdk.core.async.AsyncRequestBody;
import software.amazon.awssdk.core.async.AsyncResponseTransformer;
import software.amazon.awssdk.services.s3.S3AsyncClient;

/**
 * Compares the image store with the AWS SDK alone, with its defaults, against s3proxy. The SDK writes from an array and reads into one. The
 * store also sends a SHA-256 and a condition.
 */
final class S3Benchmark {
    private static final Path DIRECTORY = Path.of("target", "s3-benchmark").toAbsolutePath();
    private static final int LANES = 16;
    private static final int IMAGE_BYTES = 512 * 1024;
    private static final int BLOCK_BYTES = 1 << 16;
    private static final String BUCKET = "benchmark";
    private static final String PREFIX = "darkroom/";
    private static final String SDK_PREFIX = "sdk/";

    private final BenchmarkOptions options;
    private final ApiBenchmarkDatabase database;
    private final InterleavedComparisonReport table;
    private final MeasuredProcess process = new OwnProcess();
    private final byte[] bytes = new byte[IMAGE_BYTES];
    private final Image image;

    private S3Benchmark(BenchmarkOptions options, ApiBenchmarkDatabase database) throws Exception {
        this.options = options;
        this.database = database;
        this.table = new InterleavedComparisonReport(
                MachineDescription.describe(
                        DIRECTORY, database.query("SHOW server_version").get(0)),
                LANES,
                options);
        new Random(1).nextBytes(bytes);
        this.image = new Image(ChunkedBytes.of(bytes), ImageFormat.PNG, 1, 1, DigestUtils.sha256Hex(bytes));
    }

    static void run(BenchmarkOptions options) throws Exception {
        new BenchmarkRun("s3", DIRECTORY).run(options, (database, aiServer) -> {
            try (S3ProxyServer server = new S3ProxyServer()) {
                server.start();
                server.createBucket(BUCKET);
                S3Benchmark benchmark = new S3Benchmark(options, database);
                Vertx vertx = Vertx.vertx();
                ImageStore store = S3ImageStore.open(
                                vertx,
                                S3Server.settings(server.environment(BUCKET, PREFIX)),
                                ImageStoreOwner.withoutImages(UUID.randomUUID()))
                        .await();
                Path objects = server.objects().resolve(BUCKET);
                server.call(client -> benchmark.measure(store, client, objects));
                store.close().await();
                vertx.close().await();
                return benchmark.table;
            }
        });
    }

    private Void measure(ImageStore store, S3AsyncClient sdk, Path objects) {
        try {
            measurePuts(store, sdk, objects);
            measureGets(store, sdk);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
        return null;
    }

    private void measurePuts(ImageStore store, S3AsyncClient sdk, Path objects) throws Exception {
        table.add(InterleavedComparison.run(
                "put",
                List.of(
                        systemOf("image store", () -> store.put(newKey(), image).toCompletionStage()),
                        systemOf(
                                "SDK alone",
                                () -> sdk.putObject(
                                        request -> request.bucket(BUCKET).key(SDK_PREFIX + newKey()),
                                        AsyncRequestBody.fromBytes(bytes)))),
                options,
                database,
                () -> deleteObjects(objects)));
    }

    private void measureGets(ImageStore store, S3AsyncClient sdk) throws Exception {
        String key = newKey();
        store.put(key, image).await();
        table.add(InterleavedComparison.run(
                "get",
                List.of(
                        systemOf(
                                "image store",
                                () -> store.open(key, 0, IMAGE_BYTES)
                                        .compose(content ->
                                                read(content, IMAGE_BYTES).eventually(content::close))
                                        .toCompletionStage()),
                        systemOf(
                                "SDK alone",
                                () -> sdk.getObject(
                                        request -> request.bucket(BUCKET).key(PREFIX + key),
                                        AsyncResponseTransformer.toBytes()))),
                options,
                database,
                () -> {}));
    }

    private ComparedSystem systemOf(String name, Supplier<CompletionStage<?>> call) {
        return new ComparedSystem(
                name, SystemRole.DARKROOM, process, duration -> ClosedLoopCallLoad.run(LANES, duration, call));
    }

    private static Future<Void> read(ImageContent content, int remaining) {
        return remaining == 0
                ? Future.succeededFuture()
                : content.read(Math.min(BLOCK_BYTES, remaining))
                        .compose(block -> read(content, remaining - block.length()));
    }

    private static String newKey() {
        return ImageKeyFactory.createKey(
                ImageKeyFactory.createId(UUID.randomUUID(), UUID.randomUUID(), 1, 0), ImageFormat.PNG);
    }

    /** Deletes the files of the objects, except the marker. */
    private static void deleteObjects(Path objects) throws Exception {
        for (String prefix : List.of(PREFIX, SDK_PREFIX)) {
            Path directory = objects.resolve(prefix);
            if (Files.exists(directory)) {
                try (var entries = Files.newDirectoryStream(directory, Files::isDirectory)) {
                    entries.forEach(TestDirectories::delete);
                }
            }
        }
    }
}
