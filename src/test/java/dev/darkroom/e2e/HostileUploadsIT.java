package dev.darkroom.e2e;

import static dev.darkroom.testing.ProblemAssertions.assertProblem;
import static dev.darkroom.testing.ProblemAssertions.errorsOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.darkroom.auth.ApiKey;
import dev.darkroom.auth.ApiKeyAdmin;
import dev.darkroom.auth.Principal;
import dev.darkroom.auth.Role;
import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.image.TestImages;
import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.ApiClient.ApiResponse;
import dev.darkroom.testing.DarkroomInstance;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.InProcessDarkroom;
import dev.darkroom.testing.RawHttpClient;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Uploads that must not be stored, and references to uploads that a user must not use. */
class HostileUploadsIT {
    private static final int MAX_BYTES = 20_000;
    private static final int MAX_UPLOADS = 3;
    private static final String UNKNOWN = "is not the id of one of your uploads, or the upload has expired";

    @TempDir
    static Path directory;

    private static final DatabaseUrl DATABASE = TestPostgres.migratedDatabase();
    private static DarkroomInstance darkroom;
    private ApiClient alice;
    private ApiClient mallory;

    @BeforeAll
    static void start() throws IOException {
        darkroom = InProcessDarkroom.start(
                directory,
                DarkroomInstanceSettings.forTests()
                        .database(DATABASE)
                        .with("DARKROOM_AUTH", "required")
                        .with("DARKROOM_INPUT_IMAGES_MAX_BYTES", String.valueOf(MAX_BYTES))
                        .with("DARKROOM_INPUT_IMAGES_MAX_PIXELS", "1000000")
                        .with("DARKROOM_INPUT_IMAGES_MAX_UPLOADS_PER_USER", String.valueOf(MAX_UPLOADS))
                        .with("DARKROOM_INPUT_IMAGES_MAX_UPLOAD_BYTES_PER_USER", "25000"));
    }

    @AfterAll
    static void stop() {
        darkroom.close();
    }

    @BeforeEach
    void createUsers() {
        alice = darkroom.client().withKey(key("alice-" + UUID.randomUUID()));
        mallory = darkroom.client().withKey(key("mallory-" + UUID.randomUUID()));
    }

    private static String key(String user) {
        ApiKey key = ApiKey.generate(new SecureRandom());
        try (ApiKeyAdmin keyAdmin = ApiKeyAdmin.open(DATABASE)) {
            keyAdmin.create(key, new Principal(user, Role.USER), null);
        }
        return key.secret();
    }

    private static ApiResponse upload(ApiClient client, byte[] body, String mediaType) {
        return client.send("POST", "/api/uploads", Map.of("Content-Type", mediaType), body);
    }

    private static String store(ApiClient client) {
        ApiResponse response = upload(client, TestImages.png(64, 64), "image/png");
        assertThat(response.status()).as(response.text()).isEqualTo(201);
        return response.json().getString("id");
    }

    private static byte[] append(byte[] image, String text) {
        byte[] second = text.getBytes(StandardCharsets.ISO_8859_1);
        byte[] both = Arrays.copyOf(image, image.length + second.length);
        System.arraycopy(second, 0, both, image.length, second.length);
        return both;
    }

    private static long files() throws IOException {
        try (Stream<Path> all = Files.walk(directory.resolve("data/images"))) {
            return all.filter(file -> file.toString().endsWith(".png")).count();
        }
    }

    static Stream<Arguments> invalidFiles() {
        byte[] png = TestImages.png(64, 64);
        byte[] jpeg = TestImages.jpeg(64, 64);
        String incomplete = "# is not a complete PNG, JPEG or WebP image: ";
        return Stream.of(
                Arguments.of("bomb", TestImages.pngWithHeader(16_000, 16_000), "image/png", "# has 16000x16000 pixels"),
                Arguments.of(
                        "bomb above the limit of sides",
                        TestImages.pngWithHeader(2_000_000_000, 2_000_000_000),
                        "image/png",
                        incomplete + "impossible size"),
                Arguments.of(
                        "PNG and ZIP", append(png, "PK\3\4"), "image/png", "# has data after the end of the image"),
                Arguments.of(
                        "JPEG and HTML",
                        append(jpeg, "<script>alert(1)</script>"),
                        "image/jpeg",
                        "# has data after the end of the image"),
                Arguments.of(
                        "HTML",
                        "<html><script>alert(1)</script></html>".getBytes(StandardCharsets.UTF_8),
                        "image/png",
                        incomplete + "neither PNG nor JPEG nor WebP nor AVIF"),
                Arguments.of("JPEG declared as PNG", jpeg, "image/png", "# is image/jpeg and not image/png"),
                Arguments.of("truncated", Arrays.copyOf(png, png.length - 20), "image/png", incomplete),
                Arguments.of("empty", new byte[0], "image/png", incomplete + "no bytes"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("invalidFiles")
    void rejectsInvalidFile(String description, byte[] body, String mediaType, String error) throws IOException {
        // given
        long files = files();

        // when
        ApiResponse response = upload(alice, body, mediaType);

        // then
        assertProblem(response, 400, "invalid-request", "/api/uploads");
        assertThat(errorsOf(response)).singleElement().asString().startsWith(error);
        assertThat(files()).isEqualTo(files);
    }

    @Test
    void rejectsFileThatIsTooLarge() {
        assertProblem(
                upload(alice, TestImages.noisePng(100, 100), "image/png"), 413, "request-too-large", "/api/uploads");
    }

    @Test
    void rejectsOtherMediaTypes() {
        for (String mediaType : List.of("image/svg+xml", "image/gif", "application/json", "multipart/form-data")) {
            assertProblem(
                    upload(alice, TestImages.png(64, 64), mediaType), 415, "unsupported-media-type", "/api/uploads");
        }
        assertProblem(
                alice.send(
                        "POST",
                        "/api/uploads",
                        Map.of("Content-Type", "image/png", "Content-Encoding", "gzip"),
                        TestImages.png(64, 64)),
                415,
                "unsupported-media-type",
                "/api/uploads");
    }

    @Test
    void limitsNumberOfUploadsOfUser() {
        // given
        List<String> stored =
                IntStream.range(0, MAX_UPLOADS).mapToObj(i -> store(alice)).toList();

        // when
        ApiResponse rejected = upload(alice, TestImages.png(64, 64), "image/png");

        // then
        assertProblem(rejected, 429, "quota-exceeded", "/api/uploads");
        assertThat(rejected.json().getString("detail")).startsWith("Quota of " + MAX_UPLOADS + " uploads");
        // and other users are not affected, and a deletion makes room
        store(mallory);
        assertThat(alice.send("DELETE", "/api/uploads/" + stored.get(0), Map.of(), null)
                        .status())
                .isEqualTo(204);
        store(alice);
    }

    @Test
    void limitsBytesOfUploadsOfUser() {
        // given
        byte[] large = TestImages.noisePng(75, 75);
        assertThat(large).hasSizeBetween(12_501, MAX_BYTES);
        assertThat(upload(alice, large, "image/png").status()).isEqualTo(201);

        // when, then
        assertProblem(upload(alice, large, "image/png"), 429, "quota-exceeded", "/api/uploads");
        store(alice);
    }

    @Test
    void parallelUploadsDoNotExceedTheQuota() {
        // when
        List<Integer> statuses = IntStream.range(0, 12)
                .parallel()
                .mapToObj(
                        i -> upload(alice, TestImages.png(64, 64), "image/png").status())
                .toList();

        // then
        assertThat(statuses).filteredOn(status -> status == 201).hasSize(MAX_UPLOADS);
        assertThat(statuses).containsOnly(201, 429);
    }

    private static ApiResponse generate(ApiClient client, String uploadId) {
        return client.post(new JsonObject()
                .put("prompt", "a lighthouse")
                .put("inputImages", new JsonArray().add(new JsonObject().put("uploadId", uploadId)))
                .put("mask", new JsonObject().put("uploadId", uploadId))
                .encode());
    }

    private static void assertUnknown(ApiResponse response) {
        assertProblem(response, 400, "invalid-request", "/api/generation");
        assertThat(errorsOf(response))
                .containsExactly("#/inputImages/0/uploadId " + UNKNOWN, "#/mask/uploadId " + UNKNOWN);
    }

    @Test
    void rejectsUploadsThatUserMustNotUse() {
        // given uploads of the other user, an expired one and a deleted one
        String ofAlice = store(alice);
        String expired = store(mallory);
        String deleted = store(mallory);
        TestPostgres.execute(
                DATABASE, "UPDATE uploads SET expires_at = now() - interval '1 second' WHERE id = '" + expired + "'");
        mallory.send("DELETE", "/api/uploads/" + deleted, Map.of(), null);

        // when, then: the error is the same as for an unknown one
        for (String id : List.of(ofAlice, expired, deleted, UUID.randomUUID().toString())) {
            assertUnknown(generate(mallory, id));
            assertProblem(mallory.get("/api/uploads/" + id), 404, "not-found", "/api/uploads/" + id);
            assertProblem(
                    mallory.send("DELETE", "/api/uploads/" + id, Map.of(), null),
                    404,
                    "not-found",
                    "/api/uploads/" + id);
        }
        // and the owner may still use it
        assertThat(alice.get("/api/uploads/" + ofAlice).status()).isEqualTo(200);
        assertThat(generate(alice, ofAlice).status()).isEqualTo(202);
    }

    @Test
    void rejectsMalformedReferences() {
        ApiResponse response = mallory.post("""
                {"prompt": "a", "inputImages": [{"uploadId": "nonsense"}, {"url": "http://127.0.0.1/a.png"},
                  {"url": "https://10.0.0.1/a.png"}, {"url": "file:///etc/passwd"}]}""");
        assertProblem(response, 400, "invalid-request", "/api/generation");
        assertThat(errorsOf(response)).containsExactly("#/inputImages/0/uploadId must be a uuid");
        ApiResponse urls = mallory.post("""
                {"prompt": "a", "inputImages": [{"url": "http://127.0.0.1/a.png"}, {"url": "https://10.0.0.1/a.png"},
                  {"url": "file:///etc/passwd"}], "mask": {"url": "https://[::1]/a.png"}}""");
        assertProblem(urls, 400, "invalid-request", "/api/generation");
        assertThat(errorsOf(urls))
                .containsExactly(
                        "#/inputImages/0/url must be an https URL",
                        "#/inputImages/1/url must have a host that resolves to public internet addresses only",
                        "#/inputImages/2/url must be an https URL",
                        "#/mask/url must have a host that resolves to public internet addresses only");
        assertThat(errorsOf(mallory.post("{\"prompt\": \"a\", \"inputImages\": [{}]}")))
                .singleElement()
                .asString()
                .startsWith("#/inputImages/0 ");
        assertThat(errorsOf(mallory.post("{\"prompt\": \"a\", \"inputImages\": []}")))
                .singleElement()
                .asString()
                .startsWith("#/inputImages ");
    }

    @Test
    @DisplayName("A key that is revoked while an upload arrives stores nothing")
    void rejectsAnUploadAfterTheRevocationOfItsKey() throws Exception {
        // given
        String user = "carol-" + UUID.randomUUID();
        String key = key(user);
        byte[] image = TestImages.png(64, 64);
        long before = files();
        try (RawHttpClient connection = new RawHttpClient(darkroom.api())) {
            connection.send(RawHttpClient.requestHead(
                    "POST",
                    "/api/uploads",
                    "Authorization: Bearer " + key + "\r\nContent-Type: image/png\r\nContent-Length: " + image.length
                            + "\r\n"));
            connection.send(Arrays.copyOf(image, 100));

            // when
            TestPostgres.execute(DATABASE, "DELETE FROM api_keys WHERE user_id = '" + user + "'");
            ApiClient client = darkroom.client().withKey(key);
            await().atMost(60, TimeUnit.SECONDS)
                    .until(() -> client.get("/api/uploads/" + UUID.randomUUID()).status() == 401);
            connection.send(Arrays.copyOfRange(image, 100, image.length));

            // then
            assertThat(connection.readResponse().status()).isEqualTo(401);
        }
        assertThat(TestPostgres.query(DATABASE, "SELECT id FROM uploads WHERE user_id = '" + user + "'"))
                .isEmpty();
        assertThat(files()).isEqualTo(before);
    }
}
