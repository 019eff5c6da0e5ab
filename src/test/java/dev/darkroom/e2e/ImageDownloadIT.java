package dev.darkroom.e2e;

import static dev.darkroom.testing.ProblemAssertions.assertProblem;
import static dev.darkroom.testing.ProblemAssertions.errorsOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

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
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Pictures over HTTP, and the URLs that lead to them. */
class ImageDownloadIT {
    @RegisterExtension
    static final DarkroomExtension service = new DarkroomExtension(DarkroomInstanceSettings.forTests());

    private static JsonObject generation;
    private static JsonObject image;
    private static String path;

    @BeforeAll
    static void start() {
        generation = picture("a picture to look at");
        image = generation.getJsonArray("images").getJsonObject(0);
        path = URI.create(image.getString("url")).getPath();
    }

    @Test
    void aPictureComesWithAllThatCachesWant() throws Exception {
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
    void anImageThatCannotBeStoredIsStoredLater() throws Exception {
        // given a file where the directory was
        Path images = service.directory().resolve("data").resolve("images");
        Path aside = images.resolveSibling("aside");
        Files.move(images, aside);
        Files.createFile(images);

        // when
        String id;
        try {
            id = service.client().create("nowhere to put it");
            await("readiness shows it")
                    .atMost(Duration.ofSeconds(60))
                    .until(() -> health().contains("{\"id\":\"images\",\"status\":\"DOWN\"}"));

            // then it waits, and nothing is charged
            JsonObject waiting = service.client().generation(id);
            assertThat(waiting.getString("status")).isEqualTo("PENDING");
            assertThat(AttemptJson.attemptsOf(waiting))
                    .allMatch(attempt -> attempt.getString("outcome").equals("RUNNING"));
        } finally {
            Files.delete(images);
            Files.move(aside, images);
        }

        // and once the disk is well
        JsonObject ended = service.client().awaitEnd(id);
        assertThat(ended.getString("status")).isEqualTo("COMPLETE");
        assertThat(AttemptJson.attemptsOf(ended))
                .extracting(AttemptJson::summary)
                .hasSize(1);
        await("readiness is back")
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
    void whoHasItIsNotSentItAgain(String ifNoneMatch) {
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
    void whoHasAnotherIsSentIt(String ifNoneMatch) {
        // when
        ApiResponse apiResponse = service.client().send("GET", path, Map.of("If-None-Match", ifNoneMatch), null);

        // then
        assertThat(apiResponse.status()).isEqualTo(200);
        assertThat(apiResponse.body()).hasSize(image.getInteger("bytes"));
    }

    @Test
    void headTellsWhatGetWouldWithoutTheBytes() {
        // when
        ApiResponse get = service.client().get(path);
        ApiResponse head = service.client().send("HEAD", path, Map.of(), null);

        // then
        assertThat(head.status()).isEqualTo(200);
        assertThat(head.body()).isEmpty();
        assertThat(withoutRequestId(head)).isEqualTo(withoutRequestId(get));
    }

    @ParameterizedTest
    @CsvSource({"jpg, GET", "webp, GET", "jpg, HEAD"})
    void underAnotherTypeThereIsNothing(String extension, String method) {
        // when
        ApiResponse apiResponse = service.client().send(method, path.replace("png", extension), Map.of(), null);

        // then
        assertThat(apiResponse.status()).isEqualTo(404);
    }

    @Test
    void anUnknownPictureIsNotFound() {
        // given
        String unknown = "/images/" + UUID.randomUUID() + ".png";

        // when
        ApiResponse apiResponse = service.client().get(unknown);

        // then
        assertProblem(apiResponse, 404, "not-found", unknown);
        assertThat(apiResponse.json().getString("detail")).isEqualTo("There is no such image.");
        assertThat(apiResponse.headers()).doesNotContainKey("ETag").containsEntry("Cache-Control", "no-store");
        assertThat(service.client().send("HEAD", unknown, Map.of(), null).status())
                .isEqualTo(404);
    }

    @Test
    void aNameThatIsNoneIsRefused() {
        // when
        ApiResponse apiResponse = service.client().get("/images/picture.png");

        // then
        assertProblem(apiResponse, 400, "invalid-request", "/images/picture.png");
        assertThat(errorsOf(apiResponse))
                .containsExactly("imageName must be an image name: an image id and the extension of its media type");
        assertThat(service.client()
                        .send("HEAD", "/images/picture.png", Map.of(), null)
                        .status())
                .isEqualTo(400);
    }

    @Test
    void urlsAreOfTheAddressListenedOnWhateverTheRequestSays() {
        // given
        String forged = "GET /api/generation/" + generation.getString("id") + " HTTP/1.1\r\n"
                + "Host: 127.0.0.9:1\r\n"
                + "X-Forwarded-Host: evil.example\r\n"
                + "X-Forwarded-Proto: gopher\r\n"
                + "X-Forwarded-Prefix: /evil\r\n"
                + "Forwarded: host=evil.example;proto=gopher\r\n\r\n";

        // when
        ApiResponse apiResponse = RawHttpClient.sendAndRead(service.darkroom().api(), RawHttpClient.utf8Bytes(forged));

        // then
        assertThat(apiResponse.json()).isEqualTo(generation);
        assertThat(image.getString("url")).startsWith(service.darkroom().api() + path + "?");
    }

    @Test
    void urlsAreOfThePublicAddressWhereThereIsOneAndMadeWhenRead() {
        // given
        DarkroomInstanceSettings settings = DarkroomInstanceSettings.forTests()
                .database(service.database())
                .aiServer(service.aiServer())
                .with("DARKROOM_PUBLIC_URL", "https://pictures.example/darkroom/");

        // when
        JsonObject shown;
        try (DarkroomInstance published = InProcessDarkroom.start(service.directory(), settings)) {
            shown = published.client().generation(generation.getString("id"));
        }

        // then
        assertThat(shown.getJsonArray("imageUrls"))
                .singleElement()
                .asString()
                .startsWith("https://pictures.example/darkroom" + path + "?");
        assertThat(service.client().generation(generation.getString("id"))).isEqualTo(generation);
    }

    @Test
    void noUrlIsStored() {
        for (String table : List.of("generations", "generation_attempts", "generation_queue", "images")) {
            assertThat(TestPostgres.query(
                            service.database(), "SELECT t::text FROM " + table + " t WHERE t::text LIKE '%://%'"))
                    .isEmpty();
        }
    }

    @Test
    void aPictureWhoseFileVanishedIsOurFault() throws Exception {
        // given
        JsonObject lost = picture("a picture to lose");
        Files.delete(file(lost));

        // when
        ApiResponse apiResponse = service.client().get(pathOf(lost));

        // then
        assertProblem(apiResponse, 500, "internal-error", pathOf(lost));
        assertThat(apiResponse.headers()).doesNotContainKey("ETag").containsEntry("Cache-Control", "no-store");
        assertThat(service.darkroom().log(imageId(lost))).anyMatch(line -> line.contains("image read failed"));
    }

    @Test
    void aPictureThatCannotBeReadIsOurFault() throws Exception {
        // given
        JsonObject unreadable = picture("a picture that is in the way");
        Files.delete(file(unreadable));
        Files.createDirectory(file(unreadable));

        // when
        ApiResponse apiResponse = service.client().get(pathOf(unreadable));

        // then
        assertProblem(apiResponse, 500, "internal-error", pathOf(unreadable));
        assertThat(apiResponse.headers()).doesNotContainKey("ETag").containsEntry("Cache-Control", "no-store");
    }

    @Test
    void halfAPictureIsNotPassedOffAsAWholeOne() throws Exception {
        // given
        JsonObject half = picture("a picture to cut in half");
        try (FileChannel channel = FileChannel.open(file(half), StandardOpenOption.WRITE)) {
            channel.truncate(channel.size() / 2);
        }

        // then
        assertThatThrownBy(() -> service.client().get(pathOf(half))).isInstanceOf(UncheckedIOException.class);
        assertThat(service.darkroom().log(imageId(half))).anyMatch(line -> line.contains("image read failed"));
        assertThat(service.client().get(path).status()).isEqualTo(200);
    }

    private static JsonObject picture(String prompt) {
        return service.client().awaitEnd(service.client().create(prompt));
    }

    private static String pathOf(JsonObject of) {
        return URI.create(of.getJsonArray("imageUrls").getString(0)).getPath();
    }

    private static String imageId(JsonObject of) {
        return pathOf(of).replaceFirst("/images/", "").replaceFirst("\\.png", "");
    }

    private static Path file(JsonObject of) {
        String key = TestPostgres.query(
                        service.database(), "SELECT storage_key FROM images WHERE id = '" + imageId(of) + "'")
                .get(0);
        return service.directory().resolve("data/images").resolve(key);
    }

    private static String etag() {
        return '"' + image.getString("sha256") + '"';
    }

    private static Map<String, String> withoutRequestId(ApiResponse apiResponse) {
        Map<String, String> headers = new TreeMap<>(apiResponse.headers());
        headers.remove("X-Request-Id");
        headers.remove("x-request-id");
        return headers;
    }
}
