package dev.darkroom.e2e;

import static dev.darkroom.testing.ProblemAssertions.assertProblem;
import static dev.darkroom.testing.ProblemAssertions.errorsOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.awaitility.Awaitility.await;

import dev.darkroom.image.TestImages;
import dev.darkroom.testing.ApiClient.ApiResponse;
import dev.darkroom.testing.DarkroomExtension;
import dev.darkroom.testing.DarkroomInstance;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.InProcessDarkroom;
import dev.darkroom.testing.RawHttpClient;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.json.JsonObject;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Downloads of images, and their URLs. */
class ImageDownloadIT {
    @RegisterExtension
    static final DarkroomExtension service = new DarkroomExtension(DarkroomInstanceSettings.forTests());

    private static JsonObject generation;
    private static JsonObject image;
    private static String path;

    @BeforeAll
    static void start() {
        generation = createImage("a lighthouse");
        image = generation.getJsonArray("images").getJsonObject(0);
        path = URI.create(image.getString("url")).getPath();
    }

    @Test
    void servesImageWithCachingHeaders() throws Exception {
        // when
        ApiResponse apiResponse = service.client().get(path);

        // then
        String sha256 =
                HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(apiResponse.body()));
        assertThat(apiResponse.status()).isEqualTo(200);
        assertThat(apiResponse.header("Content-Type")).isEqualTo("image/png");
        assertThat(apiResponse.header("Content-Length")).isEqualTo(String.valueOf(apiResponse.body().length));
        assertThat(apiResponse.header("ETag")).isEqualTo('"' + sha256 + '"');
        assertThat(apiResponse.header("Cache-Control").split(", "))
                .containsExactlyInAnyOrder("private", "immutable", "max-age=31536000");
        assertThat(apiResponse.header("X-Content-Type-Options")).isEqualTo("nosniff");
        assertThat(image.getString("sha256")).isEqualTo(sha256);
        assertThat(image.getInteger("bytes")).isEqualTo(apiResponse.body().length);
        assertThat(generation.getJsonArray("imageUrls")).containsExactly(image.getString("url"));
    }

    @Test
    void storesImageLaterWhenStoreIsUnavailable() throws Exception {
        // given a file in place of the image directory
        Path images = service.directory().resolve("data").resolve("images");
        Path aside = images.resolveSibling("aside");
        Files.move(images, aside);
        Files.createFile(images);

        // when
        String id;
        try {
            id = service.client().create("cannot be stored");
            await("readiness reports the store as down")
                    .atMost(Duration.ofSeconds(60))
                    .until(() -> health().contains("{\"id\":\"images\",\"status\":\"DOWN\"}"));

            // then the generation waits, and no attempt has failed
            JsonObject waiting = service.client().generation(id);
            assertThat(waiting.getString("status")).isEqualTo("PENDING");
            assertThat(AttemptJson.attemptsOf(waiting))
                    .allMatch(attempt -> attempt.getString("outcome").equals("RUNNING"));
        } finally {
            Files.delete(images);
            Files.move(aside, images);
        }

        // and after the directory is back
        JsonObject ended = service.client().awaitEnd(id);
        assertThat(ended.getString("status")).isEqualTo("COMPLETE");
        assertThat(AttemptJson.attemptsOf(ended))
                .extracting(AttemptJson::summary)
                .hasSize(1);
        await("readiness reports the store as up")
                .atMost(Duration.ofSeconds(60))
                .until(() -> health().contains("{\"id\":\"images\",\"status\":\"UP\"}"));
    }

    private static String health() throws Exception {
        HttpRequest request = HttpRequest.newBuilder(
                        service.darkroom().management().resolve("/health/ready"))
                .build();
        return HttpClient.newHttpClient()
                .send(request, HttpResponse.BodyHandlers.ofString())
                .body();
    }

    @ParameterizedTest
    @ValueSource(strings = {"%s", "W/%s", "*", "\"other\", %s", "\"other\",W/%s , \"third\""})
    void returnsNotModifiedForMatchingEntityTag(String ifNoneMatch) {
        for (String method : List.of("GET", "HEAD")) {
            // when
            ApiResponse apiResponse =
                    service.client().send(method, path, Map.of("If-None-Match", ifNoneMatch.formatted(etag())), null);

            // then
            assertThat(apiResponse.status()).isEqualTo(304);
            assertThat(apiResponse.body()).isEmpty();
            assertThat(apiResponse.header("ETag")).isEqualTo(etag());
            assertThat(apiResponse.header("Cache-Control")).isEqualTo("private, max-age=31536000, immutable");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"\"other\"", "other", "W/\"other\"", "\"*\"", ""})
    void servesImageForOtherEntityTag(String ifNoneMatch) {
        // when
        ApiResponse apiResponse = service.client().send("GET", path, Map.of("If-None-Match", ifNoneMatch), null);

        // then
        assertThat(apiResponse.status()).isEqualTo(200);
        assertThat(apiResponse.body()).hasSize(image.getInteger("bytes"));
    }

    @Test
    void headReturnsHeadersOfGet() {
        // when
        ApiResponse get = service.client().get(path);
        ApiResponse head = service.client().send("HEAD", path, Map.of(), null);

        // then
        assertThat(head.status()).isEqualTo(200);
        assertThat(head.body()).isEmpty();
        assertThat(withoutRequestIdAndDate(head)).isEqualTo(withoutRequestIdAndDate(get));
    }

    @ParameterizedTest
    @CsvSource({"jpg, GET", "webp, GET", "jpg, HEAD"})
    void returnsNotFoundForOtherType(String extension, String method) {
        // when
        ApiResponse apiResponse = service.client().send(method, path.replace("png", extension), Map.of(), null);

        // then
        assertThat(apiResponse.status()).isEqualTo(404);
    }

    @Test
    void returnsNotFoundForUnknownImage() {
        // given
        String unknown = "/images/" + UUID.randomUUID() + ".png";

        // when
        ApiResponse apiResponse = service.client().get(unknown);

        // then
        assertProblem(apiResponse, 404, "not-found", unknown);
        assertThat(apiResponse.json().getString("detail")).isEqualTo("Image not found.");
        assertThat(apiResponse.headers()).doesNotContainKey("ETag").containsEntry("Cache-Control", "no-store");
        assertThat(service.client().send("HEAD", unknown, Map.of(), null).status())
                .isEqualTo(404);
    }

    @Test
    void rejectsInvalidImageName() {
        // when
        ApiResponse apiResponse = service.client().get("/images/image.png");

        // then
        assertProblem(apiResponse, 400, "invalid-request", "/images/image.png");
        assertThat(errorsOf(apiResponse))
                .containsExactly("imageName must be an image name: an image id and the extension of its media type");
        assertThat(service.client()
                        .send("HEAD", "/images/image.png", Map.of(), null)
                        .status())
                .isEqualTo(400);
    }

    @Test
    void urlsIgnoreForgedHostHeaders() {
        // given
        String request = "GET /api/generation/" + generation.getString("id") + " HTTP/1.1\r\n"
                + "Host: 127.0.0.9:1\r\n"
                + "X-Forwarded-Host: evil.example\r\n"
                + "X-Forwarded-Proto: gopher\r\n"
                + "X-Forwarded-Prefix: /evil\r\n"
                + "Forwarded: host=evil.example;proto=gopher\r\n\r\n";

        // when
        ApiResponse apiResponse = RawHttpClient.sendAndRead(service.darkroom().api(), RawHttpClient.utf8Bytes(request));

        // then
        assertThat(apiResponse.json()).isEqualTo(generation);
        assertThat(image.getString("url")).startsWith(service.darkroom().api() + path + "?");
    }

    @Test
    void urlsUsePublicUrlAndAreCreatedWhenRead() {
        // given
        DarkroomInstanceSettings settings = DarkroomInstanceSettings.forTests()
                .database(service.database())
                .aiServer(service.aiServer())
                .with("DARKROOM_PUBLIC_URL", "https://images.example/darkroom/");

        // when
        JsonObject shown;
        try (DarkroomInstance published = InProcessDarkroom.start(service.directory(), settings)) {
            shown = published.client().generation(generation.getString("id"));
        }

        // then
        assertThat(shown.getJsonArray("imageUrls"))
                .singleElement()
                .asString()
                .startsWith("https://images.example/darkroom" + path + "?");
        assertThat(service.client().generation(generation.getString("id"))).isEqualTo(generation);
    }

    @Test
    void storesNoUrls() {
        for (String table : List.of("generations", "generation_attempts", "generation_queue", "images")) {
            assertThat(TestPostgres.query(
                            service.database(), "SELECT t::text FROM " + table + " t WHERE t::text LIKE '%://%'"))
                    .isEmpty();
        }
    }

    @Test
    void reportsMissingFileAsNotFound() throws Exception {
        // given
        JsonObject missing = createImage("an image whose file is deleted");
        Files.delete(fileOf(missing));

        // when
        ApiResponse apiResponse = service.client().get(imagePathOf(missing));

        // then
        assertProblem(apiResponse, 404, "not-found", imagePathOf(missing));
        assertThat(apiResponse.json().getString("detail")).isEqualTo("Image not found.");
        assertThat(apiResponse.headers()).doesNotContainKey("ETag").containsEntry("Cache-Control", "no-store");
        assertThat(service.darkroom().log(missing.getString("id")))
                .anyMatch(line -> line.contains("WARN") && line.contains("image file missing"));
    }

    @Test
    void reportsUnreadableFileAsInternalError() throws Exception {
        // given
        JsonObject unreadable = createImage("an image whose file is a directory");
        Files.delete(fileOf(unreadable));
        Files.createDirectory(fileOf(unreadable));

        // when
        ApiResponse apiResponse = service.client().get(imagePathOf(unreadable));

        // then
        assertProblem(apiResponse, 500, "internal-error", imagePathOf(unreadable));
        assertThat(apiResponse.headers()).doesNotContainKey("ETag").containsEntry("Cache-Control", "no-store");
    }

    @Test
    void abortsResponseOfTruncatedFile() throws Exception {
        // given a file that ends behind the blocks that are sent first
        JsonObject truncated = createImage("an image whose file is truncated");
        Files.write(fileOf(truncated), new byte[1_000_000]);
        TestPostgres.execute(
                service.database(), "UPDATE images SET bytes = 2000000 WHERE id = '" + imageIdOf(truncated) + "'");

        // then
        assertThatThrownBy(() -> service.client().get(imagePathOf(truncated))).isInstanceOf(UncheckedIOException.class);
        assertThat(service.darkroom().log(imageIdOf(truncated))).anyMatch(line -> line.contains("image read failed"));
        assertThat(service.client().get(path).status()).isEqualTo(200);
    }

    @Test
    void reportsShortFileAsInternalError() throws Exception {
        // given
        JsonObject truncated = createImage("an image whose file ends in the first block");
        try (FileChannel channel = FileChannel.open(fileOf(truncated), StandardOpenOption.WRITE)) {
            channel.truncate(channel.size() / 2);
        }

        // when
        ApiResponse apiResponse = service.client().get(imagePathOf(truncated));

        // then
        assertProblem(apiResponse, 500, "internal-error", imagePathOf(truncated));
        assertThat(service.darkroom().log(imageIdOf(truncated))).anyMatch(line -> line.contains("image read failed"));
    }

    @ParameterizedTest
    @CsvSource({
        "bytes=0-99, 0, 100",
        "bytes=5-5, 5, 6",
        "Bytes=100-, 100, -1",
        "bytes=-7, -7, -1",
        "bytes=0-99999999, 0, -1"
    })
    void servesByteRange(String range, int from, int to) {
        // given
        byte[] whole = service.client().get(path).body();
        int start = from < 0 ? whole.length + from : from;
        int end = to < 0 ? whole.length : to;

        // when
        ApiResponse apiResponse = service.client().send("GET", path, Map.of("Range", range), null);

        // then
        assertThat(apiResponse.status()).isEqualTo(206);
        assertThat(apiResponse.header("Content-Range"))
                .isEqualTo("bytes " + start + "-" + (end - 1) + "/" + whole.length);
        assertThat(apiResponse.header("Content-Length")).isEqualTo(String.valueOf(end - start));
        assertThat(apiResponse.header("Content-Type")).isEqualTo("image/png");
        assertThat(apiResponse.header("ETag")).isEqualTo(etag());
        assertThat(apiResponse.body()).isEqualTo(Arrays.copyOfRange(whole, start, end));
    }

    @Test
    void servesRangeOfManyBlocks() throws Exception {
        // given
        JsonObject large = createImage("a large image");
        byte[] bytes = new byte[1_000_000];
        new Random(7).nextBytes(bytes);
        Files.write(fileOf(large), bytes);
        TestPostgres.execute(
                service.database(), "UPDATE images SET bytes = 1000000 WHERE id = '" + imageIdOf(large) + "'");

        // when
        ApiResponse apiResponse =
                service.client().send("GET", imagePathOf(large), Map.of("Range", "bytes=100001-900000"), null);

        // then
        assertThat(apiResponse.status()).isEqualTo(206);
        assertThat(apiResponse.header("Content-Range")).isEqualTo("bytes 100001-900000/1000000");
        assertThat(apiResponse.body()).isEqualTo(Arrays.copyOfRange(bytes, 100_001, 900_001));
    }

    @ParameterizedTest
    @ValueSource(strings = {"bytes=0-1,5-6", "lines=1-2", "bytes=5-2", "bytes=-", "bytes=a-b", "bytes", ""})
    void servesWholeImageForOtherRanges(String range) {
        // when
        ApiResponse apiResponse = service.client().send("GET", path, Map.of("Range", range), null);

        // then
        assertThat(apiResponse.status()).isEqualTo(200);
        assertThat(apiResponse.header("Accept-Ranges")).isEqualTo("bytes");
        assertThat(apiResponse.headers()).doesNotContainKey("Content-Range");
        assertThat(apiResponse.body()).hasSize(image.getInteger("bytes"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"bytes=99999999-", "bytes=99999999-100000000", "bytes=-0"})
    void rejectsUnsatisfiableRange(String range) {
        // when
        ApiResponse apiResponse = service.client().send("GET", path, Map.of("Range", range), null);

        // then
        assertProblem(apiResponse, 416, "range-not-satisfiable", path);
        assertThat(apiResponse.header("Content-Range")).isEqualTo("bytes */" + image.getInteger("bytes"));
        assertThat(apiResponse.headers()).doesNotContainKey("ETag").containsEntry("Cache-Control", "no-store");
    }

    @ParameterizedTest
    @CsvSource({"%s, 206", "W/%s, 200", "other, 200", "'Mon, 23 Nov 2026 10:15:30 GMT', 200"})
    void servesRangeOnlyForCurrentEntityTag(String ifRange, int status) {
        // when
        ApiResponse apiResponse = service.client()
                .send("GET", path, Map.of("Range", "bytes=0-9", "If-Range", ifRange.formatted(etag())), null);

        // then
        assertThat(apiResponse.status()).isEqualTo(status);
    }

    @Test
    void evaluatesIfNoneMatchBeforeRange() {
        // when
        ApiResponse apiResponse =
                service.client().send("GET", path, Map.of("Range", "bytes=99999999-", "If-None-Match", etag()), null);

        // then
        assertThat(apiResponse.status()).isEqualTo(304);
    }

    @Test
    void headIgnoresRange() {
        // when
        ApiResponse apiResponse = service.client().send("HEAD", path, Map.of("Range", "bytes=0-9"), null);

        // then
        assertThat(apiResponse.status()).isEqualTo(200);
        assertThat(apiResponse.header("Accept-Ranges")).isEqualTo("bytes");
        assertThat(apiResponse.header("Content-Length")).isEqualTo(String.valueOf(image.getInteger("bytes")));
    }

    @ParameterizedTest
    @CsvSource({"%s, 200", "*, 200", "'\"other\", %s', 200", "\"other\", 412", "W/%s, 412"})
    void evaluatesIfMatchBeforeOtherConditions(String ifMatch, int status) {
        for (String method : List.of("GET", "HEAD")) {
            // when
            ApiResponse apiResponse =
                    service.client().send(method, path, Map.of("If-Match", ifMatch.formatted(etag())), null);

            // then
            assertThat(apiResponse.status()).isEqualTo(status);
        }
        assertThat(service.client()
                        .send("GET", path, Map.of("If-Match", "\"other\"", "If-None-Match", etag()), null)
                        .status())
                .isEqualTo(412);
    }

    @Test
    void sendsTimeOfEveryResponse() {
        for (String target : List.of(path, "/images/none.png", "/api/generation/" + generation.getString("id"))) {
            // when
            String date = service.client().get(target).header("Date");

            // then
            Instant sent = DateTimeFormatter.RFC_1123_DATE_TIME.parse(date, Instant::from);
            assertThat(sent).isCloseTo(Instant.now(), within(5, ChronoUnit.MINUTES));
            assertThat(date).matches("[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9:]{8} GMT");
        }
    }

    @Test
    void servesAvif() {
        // given an AI server that returns an AVIF file, whatever it was asked for
        byte[] avif = TestImages.avif("alpha");
        String url = "data:image/png;base64," + Base64.getEncoder().encodeToString(avif);
        service.aiServer().script(new JsonObject().put("url", url));

        // when
        JsonObject stored =
                createImage("an image in AVIF").getJsonArray("images").getJsonObject(0);
        ApiResponse apiResponse =
                service.client().get(URI.create(stored.getString("url")).getPath());

        // then
        assertThat(stored.getString("contentType")).isEqualTo("image/avif");
        assertThat(stored.getInteger("width")).isEqualTo(48);
        assertThat(stored.getInteger("height")).isEqualTo(32);
        assertThat(stored.getString("url")).contains(".avif?");
        assertThat(apiResponse.header("Content-Type")).isEqualTo("image/avif");
        assertThat(apiResponse.body()).isEqualTo(avif);
    }

    private static JsonObject createImage(String prompt) {
        return service.client().awaitEnd(service.client().create(prompt));
    }

    private static String imagePathOf(JsonObject generation) {
        return URI.create(generation.getJsonArray("imageUrls").getString(0)).getPath();
    }

    private static String imageIdOf(JsonObject generation) {
        return imagePathOf(generation).replaceFirst("/images/", "").replaceFirst("\\.png", "");
    }

    private static Path fileOf(JsonObject generation) {
        String key = TestPostgres.query(
                        service.database(), "SELECT storage_key FROM images WHERE id = '" + imageIdOf(generation) + "'")
                .get(0);
        return service.directory().resolve("data/images").resolve(key);
    }

    private static String etag() {
        return '"' + image.getString("sha256") + '"';
    }

    private static Map<String, String> withoutRequestIdAndDate(ApiResponse apiResponse) {
        Map<String, String> headers = new TreeMap<>(apiResponse.headers());
        headers.remove("X-Request-Id");
        headers.remove("x-request-id");
        headers.remove("date");
        headers.remove("Date");
        return headers;
    }
}
