package dev.darkroom.image.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.darkroom.config.SettingsException;
import dev.darkroom.image.ChunkedBytes;
import dev.darkroom.image.Image;
import dev.darkroom.image.ImageFormat;
import dev.darkroom.image.ImageInspector;
import dev.darkroom.image.TestImages;
import dev.darkroom.image.store.ImageContent;
import dev.darkroom.image.store.ImageStore;
import dev.darkroom.image.store.ImageStore.StoredFile;
import dev.darkroom.image.store.ImageStoreException;
import dev.darkroom.image.store.ImageStoreOwner;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The image store on a real file system. */
class LocalImageStoreTest {
    @TempDir
    Path dir;

    private Vertx vertx;
    private LocalImageStore store;

    private static final ImageStoreOwner OWNER = ImageStoreOwner.withoutImages(UUID.randomUUID());

    @BeforeEach
    void open() throws Exception {
        vertx = Vertx.vertx();
        store = get(LocalImageStore.open(vertx, dir.resolve("images"), OWNER));
    }

    @AfterEach
    void close() throws Exception {
        get(store.close());
        get(vertx.close());
    }

    @Test
    void createsRemovedDirectoriesAgain() throws Exception {
        // given
        get(store.put("3f/one.png", unchecked(new byte[] {1})));
        Files.delete(dir.resolve("images/3f/one.png"));
        Files.delete(dir.resolve("images/3f"));
        Files.delete(dir.resolve("images/.incoming"));

        // when
        get(store.put("3f/two.png", unchecked(new byte[] {2})));

        // then
        assertThat(files()).containsExactly("3f/two.png");
        get(store.checkWritable());
    }

    @Test
    void writesNothingIntoReplacedDirectory() throws Exception {
        // given
        Path images = dir.resolve("images");
        Path moved = dir.resolve("moved");
        Files.move(images, moved);
        Files.createDirectory(images);

        // when
        assertThatThrownBy(() -> get(store.put("3f/one.png", unchecked(new byte[] {1}))))
                .cause()
                .isInstanceOf(ImageStoreException.class)
                .hasMessageContaining(images.toString());
        assertThat(images).isEmptyDirectory();

        // and when the directory is restored
        Files.delete(images);
        Files.move(moved, images);

        // then
        get(store.put("3f/one.png", unchecked(new byte[] {1})));
        assertThat(files()).containsExactly("3f/one.png");
    }

    @Test
    void deletesNothingWhileDirectoryIsMissing() throws Exception {
        // given
        get(store.put("3f/one.png", unchecked(new byte[] {1})));
        Path images = dir.resolve("images");
        Path moved = dir.resolve("moved");
        Files.move(images, moved);
        Files.createDirectory(images);

        // then
        assertThatThrownBy(() -> get(store.delete("3f/one.png"))).cause().isInstanceOf(ImageStoreException.class);

        // and when the directory is restored
        Files.delete(images);
        Files.move(moved, images);
        get(store.delete("3f/one.png"));
        assertThat(files()).isEmpty();
    }

    @Test
    void rejectsDirectoryWithoutImagesOfDatabase() throws Exception {
        // given a database with an image
        ImageStoreOwner owner =
                new ImageStoreOwner(UUID.randomUUID(), () -> Future.succeededFuture(List.of("3f/one.png")));
        Path empty = Files.createDirectory(dir.resolve("empty"));
        Path full = Files.createDirectories(dir.resolve("full/3f")).getParent();
        Files.write(full.resolve("3f/one.png"), new byte[] {1});

        // then
        assertThatThrownBy(() -> get(LocalImageStore.open(vertx, empty, owner)))
                .cause()
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining("none of the images")
                .hasMessageContaining(owner.databaseId().toString());
        assertThat(empty).isEmptyDirectory();
        get(get(LocalImageStore.open(vertx, full, owner)).close());
        assertThat(full.resolve(".darkroom")).hasContent(owner.databaseId().toString());
    }

    @Test
    void restrictsImagesAndDirectoriesToOwner() throws Exception {
        get(store.put("3f/a0/0199-abc.png", image(TestImages.png(64, 64))));

        try (Stream<Path> paths = Files.walk(dir.resolve("images"))) {
            assertThat(paths.toList())
                    .hasSizeGreaterThan(4)
                    .allSatisfy(path -> assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
                            .as(path.toString())
                            .isEqualTo(Files.isDirectory(path) ? "rwx------" : "rw-------"));
        }
    }

    @Test
    void scansOldImagesInPages() throws Exception {
        // given
        for (int i = 0; i < 7; i++) {
            String key = "0" + i % 3 + "/old" + i + ".png";
            get(store.put(key, unchecked(new byte[] {1})));
            Files.setLastModifiedTime(
                    dir.resolve("images").resolve(key),
                    FileTime.from(Instant.now().minusSeconds(7200)));
        }
        get(store.put("00/recent.png", unchecked(new byte[] {1})));
        Path hiddenFile = Files.writeString(dir.resolve("images/.hidden"), "x");
        Files.setLastModifiedTime(hiddenFile, FileTime.from(Instant.now().minusSeconds(7200)));

        // when
        List<List<StoredFile>> pages = new java.util.ArrayList<>();
        ImageStore.FilePages stale = store.listStaleFiles(Duration.ofHours(1), 3);
        for (List<StoredFile> page = get(stale.next()); !page.isEmpty(); page = get(stale.next())) {
            pages.add(page);
        }

        // then
        assertThat(pages).extracting(List::size).containsExactly(3, 3, 1);
        assertThat(pages.stream().flatMap(List::stream))
                .allMatch(file -> file.key().contains("/old") && file.bytes() == 1)
                .doesNotHaveDuplicates();
    }

    @Test
    void storesManyImagesConcurrently() throws Exception {
        // given
        List<String> keys = IntStream.range(0, 200)
                .mapToObj(n -> "%02x/image-%d.png".formatted(n % 16, n))
                .toList();
        byte[] png = TestImages.png(16, 16);

        // when
        get(Future.all(keys.stream().map(key -> store.put(key, image(png))).toList()));

        // then
        assertThat(files()).containsExactlyInAnyOrderElementsOf(keys);
    }

    @Test
    void concurrentWritesOfOneKeyStoreOneCompleteImage() throws Exception {
        // given
        Image image = image(TestImages.png(200, 200));

        // when
        get(Future.all(store.put("aa/same.png", image), store.put("aa/same.png", image)));

        // then
        assertThat(read("aa/same.png")).isEqualTo(Buffer.buffer(image.bytes().toBytes()));
        assertThat(files()).containsExactly("aa/same.png");
    }

    @Test
    void leavesNoFileAfterFailedWrite() throws Exception {
        // given a file at the path of the directory
        Files.writeString(dir.resolve("images/3f"), "not a directory");

        // then
        assertThatThrownBy(() -> get(store.put("3f/x.png", image(TestImages.png(8, 8)))))
                .hasRootCauseInstanceOf(IOException.class);
        assertThat(files()).containsExactly("3f");
    }

    @Test
    void leavesNoFileAfterFailedRename() throws Exception {
        // given a directory at the path of the image
        Files.createDirectories(dir.resolve("images/3f/x.png/full"));

        // then
        assertThatThrownBy(() -> get(store.put("3f/x.png", image(TestImages.png(8, 8)))))
                .hasRootCauseInstanceOf(IOException.class);
        assertThat(files()).isEmpty();
    }

    @Test
    void reportsUncreatableDirectoryWithSettingName() throws Exception {
        // given
        Path file = Files.writeString(dir.resolve("file"), "no directory");

        // then
        assertThatThrownBy(() -> get(LocalImageStore.open(vertx, file, OWNER)))
                .cause()
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining("DARKROOM_IMAGE_DIR")
                .hasMessageContaining(file.toString());
    }

    @Test
    void deletesOldTemporaryFilesOfKilledProcess() throws Exception {
        // given
        Path old = Files.writeString(dir.resolve("images/.incoming/old"), "incomplete");
        Files.setLastModifiedTime(old, FileTime.from(Instant.now().minusSeconds(7200)));
        Path recent = Files.writeString(dir.resolve("images/.incoming/recent"), "incomplete");

        // when
        get(LocalImageStore.open(vertx, dir.resolve("images"), OWNER).compose(LocalImageStore::close));

        // then
        assertThat(old).doesNotExist();
        assertThat(recent).exists();
    }

    @Test
    void closesFile() throws Exception {
        // given
        get(store.put("00/left.png", unchecked(new byte[1_000_000])));
        ImageContent content = get(store.open("00/left.png", 0, 1_000_000));
        get(content.read(1_000));

        // when
        get(content.close());

        // then
        assertThat(openFiles("left.png")).isZero();
    }

    @Test
    void reportsUnmountedDirectoryInsteadOfMissingImage() throws Exception {
        // given
        get(store.put("00/there.png", unchecked(new byte[10])));
        Files.move(dir.resolve("images"), dir.resolve("unmounted"));
        Files.createDirectory(dir.resolve("images"));

        // then
        assertThatThrownBy(() -> get(store.open("00/there.png", 0, 10)))
                .hasRootCauseInstanceOf(ImageStoreException.class);
    }

    private static long openFiles(String name) throws IOException {
        Path descriptors = Path.of("/proc/self/fd");
        if (!Files.isDirectory(descriptors)) {
            return 0;
        }
        try (Stream<Path> open = Files.list(descriptors)) {
            return open.filter(fd -> target(fd).endsWith(name)).count();
        }
    }

    private static String target(Path link) {
        try {
            return Files.readSymbolicLink(link).toString();
        } catch (IOException e) {
            return "";
        }
    }

    private Buffer read(String key) throws Exception {
        int length = (int) (long) get(store.size(key));
        ImageContent content = get(store.open(key, 0, length));
        return get(content.read(length).eventually(content::close));
    }

    /** Returns the visible files below the store, including temporary files. */
    private List<String> files() throws IOException {
        Path images = dir.resolve("images");
        try (Stream<Path> all = Files.walk(images)) {
            return all.filter(file -> Files.isRegularFile(file)
                            && !file.getFileName().toString().startsWith("."))
                    .map(file -> images.relativize(file).toString())
                    .toList();
        }
    }

    private static Image image(byte[] bytes) {
        return ImageInspector.inspect(ChunkedBytes.of(bytes), 1 << 20);
    }

    private static Image unchecked(byte[] bytes) {
        return new Image(ChunkedBytes.of(bytes), ImageFormat.PNG, 1, 1, "");
    }

    private static <T> T get(Future<T> future) throws Exception {
        return future.toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS);
    }
}
