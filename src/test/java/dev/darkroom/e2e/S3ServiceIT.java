package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.Settings;
import dev.darkroom.config.SettingsLoader;
import dev.darkroom.database.Database;
import dev.darkroom.image.store.ImageStore;
import dev.darkroom.maintenance.InstallationStore;
import dev.darkroom.maintenance.RetentionTask;
import dev.darkroom.server.ImageStoreFactory;
import dev.darkroom.task.PeriodicTaskVerticle;
import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.ApiClient.ApiResponse;
import dev.darkroom.testing.DarkroomInstance;
import dev.darkroom.testing.DarkroomInstanceProcess;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.DatabaseInvariants;
import dev.darkroom.testing.InProcessDarkroom;
import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.TestPostgres;
import dev.darkroom.testing.s3.S3FaultProxy;
import dev.darkroom.testing.s3.S3FaultProxy.Fault;
import dev.darkroom.testing.s3.S3ProxyServer;
import dev.darkroom.testing.s3.S3Server;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** A service whose images are in a bucket of s3proxy. */
@Tag("s3")
@Timeout(300)
class S3ServiceIT {
    @RegisterExtension
    static final S3ProxyServer server = new S3ProxyServer();

    @TempDir
    Path directory;

    private final String bucket = "images-" + UUID.randomUUID();
    private final DatabaseUrl database = TestPostgres.newDatabase();
    private final HttpClient httpClient = HttpClient.newHttpClient();
    private InProcessSimulator simulator;
    private S3FaultProxy proxy;

    @BeforeEach
    void start() {
        simulator = new InProcessSimulator(Duration.ofMillis(10));
        proxy = new S3FaultProxy(server);
        server.createBucket(bucket);
    }

    @AfterEach
    void stop() {
        proxy.close();
        simulator.close();
    }

    private Map<String, String> imageStore() {
        return S3Server.environment(proxy.endpoint(), bucket, "darkroom/");
    }

    private DarkroomInstanceSettings settings() {
        return DarkroomInstanceSettings.forTests()
                .database(database)
                .aiServer(simulator)
                .with(imageStore());
    }

    /** Creates a generation and returns the path of its image with the signature. */
    private static String createImage(ApiClient client) {
        JsonObject ended = client.awaitEnd(client.create("a lighthouse"));
        assertThat(ended.getString("status")).isEqualTo("COMPLETE");
        URI url = URI.create(ended.getJsonArray("imageUrls").getString(0));
        return url.getRawPath() + "?" + url.getRawQuery();
    }

    @Test
    void deliversImagesAsFromADirectory() throws Exception {
        try (DarkroomInstance service = InProcessDarkroom.start(directory, settings())) {
            // given
            ApiClient client = service.client();
            String path = createImage(client);

            // when
            ApiResponse whole = client.get(path);

            // then
            byte[] bytes = whole.body();
            String etag = whole.header("ETag");
            assertThat(whole.status()).isEqualTo(200);
            assertThat(server.images(bucket).values()).containsExactly(bytes);
            assertThat(whole.header("Content-Type")).isEqualTo("image/png");
            assertThat(whole.header("Cache-Control")).isEqualTo("private, max-age=31536000, immutable");
            assertThat(whole.header("Accept-Ranges")).isEqualTo("bytes");
            assertThat(etag).matches("\"[0-9a-f]{64}\"");
            ApiResponse range = client.get(path, Map.of("Range", "bytes=10-99", "If-Range", etag));
            assertThat(range.status()).isEqualTo(206);
            assertThat(range.header("Content-Range")).isEqualTo("bytes 10-99/" + bytes.length);
            assertThat(range.body()).isEqualTo(Arrays.copyOfRange(bytes, 10, 100));
            assertThat(client.get(path, Map.of("Range", "bytes=99999999-")).status())
                    .isEqualTo(416);
            assertThat(client.get(path, Map.of("If-None-Match", etag)).status()).isEqualTo(304);
            ApiResponse head = client.send("HEAD", path, Map.of(), null);
            assertThat(head.header("Content-Length")).isEqualTo(String.valueOf(bytes.length));
            assertThat(head.header("ETag")).isEqualTo(etag);
        }
        DatabaseInvariants.assertNoViolations(database, imageStore());
    }

    @Test
    void deletesTheObjectsOfADeletedGeneration() throws Exception {
        try (DarkroomInstance service = InProcessDarkroom.start(directory, settings())) {
            // given
            String id = service.client().create("a lighthouse");
            service.client().awaitEnd(id);
            assertThat(server.images(bucket)).hasSize(1);

            // when
            assertThat(service.client().delete(id).status()).isEqualTo(204);

            // then
            await().atMost(Duration.ofSeconds(60))
                    .untilAsserted(() -> assertThat(server.images(bucket)).isEmpty());
        }
    }

    @Test
    void respondsWithServiceUnavailableWhileTheBucketFails() throws Exception {
        try (DarkroomInstance service = InProcessDarkroom.start(directory, settings())) {
            // given
            String path = createImage(service.client());
            proxy.inject(Fault.reject(503, "SlowDown", HttpMethod.GET), Integer.MAX_VALUE);

            // then
            assertThat(service.client().get(path).status()).isEqualTo(503);
            proxy.removeFault();
            assertThat(service.client().get(path).status()).isEqualTo(200);
        }
    }

    @Test
    void repeatsTheUploadAndNotTheGeneration() throws Exception {
        try (DarkroomInstance service = InProcessDarkroom.start(directory, settings())) {
            // given
            proxy.inject(Fault.reject(503, "SlowDown", HttpMethod.PUT), Integer.MAX_VALUE);

            // when
            String id = service.client().create("a lighthouse");
            await("readiness reports the store as down")
                    .atMost(Duration.ofSeconds(60))
                    .until(() -> readiness(service).contains("{\"id\":\"images\",\"status\":\"DOWN\"}"));

            // then
            assertThat(service.client().generation(id).getString("status")).isEqualTo("PENDING");
            proxy.removeFault();
            JsonObject ended = service.client().awaitEnd(id);
            assertThat(ended.getString("status")).isEqualTo("COMPLETE");
            assertThat(ended.getJsonArray("attempts")).hasSize(1);
            assertThat(simulator.recordedRequests(id)).hasSize(1);
            await("readiness reports the store as up")
                    .atMost(Duration.ofSeconds(60))
                    .until(() -> readiness(service).contains("{\"id\":\"images\",\"status\":\"UP\"}"));
        }
        DatabaseInvariants.assertNoViolations(database, imageStore());
    }

    private String readiness(DarkroomInstance service) throws Exception {
        return send(service.management().resolve("/health/ready"), "X-Test", "1", HttpResponse.BodyHandlers.ofString())
                .body();
    }

    private <T> HttpResponse<T> send(URI url, String header, String value, HttpResponse.BodyHandler<T> handler)
            throws Exception {
        return httpClient.send(HttpRequest.newBuilder(url).header(header, value).build(), handler);
    }

    @Test
    void redirectsToSignedUrls() throws Exception {
        DarkroomInstanceSettings redirecting =
                settings().with("DARKROOM_S3_DELIVERY", "redirect").with("DARKROOM_S3_REDIRECT_LIFETIME", "20s");
        try (DarkroomInstance service = InProcessDarkroom.start(directory, redirecting)) {
            // given
            String path = createImage(service.client());

            // when
            ApiResponse redirect = service.client().get(path);

            // then
            assertThat(redirect.status()).isEqualTo(307);
            assertThat(redirect.header("Cache-Control")).isEqualTo("no-store");
            URI location = URI.create(redirect.header("Location"));
            assertThat(location.toString())
                    .startsWith(proxy.endpoint() + "/" + bucket + "/darkroom/")
                    .contains("X-Amz-Expires=20", "X-Amz-Signature=")
                    .doesNotContain(S3Server.SECRET_ACCESS_KEY);
            assertThat(imageSources(service)).endsWith(" " + proxy.endpoint());
            HttpResponse<byte[]> part = send(location, "Range", "bytes=0-7", HttpResponse.BodyHandlers.ofByteArray());
            assertThat(part.statusCode()).isEqualTo(206);
            assertThat(part.body()).startsWith(0x89, 'P', 'N', 'G').hasSize(8);
            assertThat(part.headers().firstValue("Content-Type")).contains("image/png");
            assertThat(part.headers().firstValue("Cache-Control")).contains("private, max-age=31536000, immutable");
            assertThat(service.client().send("HEAD", path, Map.of(), null).status())
                    .isEqualTo(200);
            assertThat(service.client().get(path, Map.of("If-None-Match", "*")).status())
                    .isEqualTo(304);
            await("the URL expires")
                    .atMost(Duration.ofSeconds(90))
                    .until(() -> send(location, "X-Test", "1", HttpResponse.BodyHandlers.discarding())
                                    .statusCode()
                            == 403);
        }
    }

    /** Returns the sources from which a page may load images. */
    private String imageSources(DarkroomInstance service) throws Exception {
        String policy = send(service.api().resolve("/"), "X-Test", "1", HttpResponse.BodyHandlers.discarding())
                .headers()
                .firstValue("Content-Security-Policy")
                .orElseThrow();
        return Stream.of(policy.split("; ", -1))
                .filter(directive -> directive.startsWith("img-src "))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void redirectsToTheCdn() throws Exception {
        DarkroomInstanceSettings redirecting = settings()
                .with("DARKROOM_S3_DELIVERY", "redirect")
                .with("DARKROOM_S3_REDIRECT_BASE_URL", "https://cdn.example.org/images");
        try (DarkroomInstance service = InProcessDarkroom.start(directory, redirecting)) {
            String path = createImage(service.client());
            assertThat(service.client().get(path).header("Location"))
                    .isEqualTo("https://cdn.example.org/images/"
                            + server.images(bucket).keySet().iterator().next());
            assertThat(imageSources(service)).endsWith(" https://cdn.example.org");
        }
    }

    @Test
    void deletesTheUploadOfAKilledProcess() throws Exception {
        // given a process that is killed after the upload and before the commit
        String id;
        try (DarkroomInstanceProcess killed = DarkroomInstanceProcess.start(
                directory, settings().environment(), "-Ddarkroom.faultInjectionPoint=BEFORE_COMMIT")) {
            id = killed.client().create("a lighthouse");
            killed.awaitLine("fault injection point reached point=BEFORE_COMMIT");
            killed.kill();
        }
        assertThat(server.images(bucket)).hasSize(1);

        // when
        try (DarkroomInstance restarted = InProcessDarkroom.start(directory, settings())) {
            assertThat(restarted.client().awaitEnd(id).getString("status")).isEqualTo("COMPLETE");
        }
        assertThat(server.images(bucket)).hasSize(2);
        deleteOrphans();

        // then
        DatabaseInvariants.assertNoViolations(database, imageStore());
    }

    /** Runs retention with a shorter age of orphaned files than the settings accept. */
    private void deleteOrphans() throws Exception {
        Vertx vertx = Vertx.vertx();
        Settings loaded = SettingsLoader.load(imageStore(), directory).settings();
        Database pool = Database.open(vertx, database, loaded.database());
        ImageStore store = InstallationStore.readIdentity(pool)
                .compose(owner -> ImageStoreFactory.open(vertx, loaded, owner))
                .toCompletionStage()
                .toCompletableFuture()
                .get();
        RetentionTask retention = new RetentionTask(
                vertx,
                pool,
                store,
                new Settings.Retention(null, null, Duration.ofSeconds(1), Duration.ofMillis(100)),
                Duration.ofDays(30));
        vertx.deployVerticle(new PeriodicTaskVerticle(List.of(retention.task())));
        // An image may be deleted between the list and its read.
        await().atMost(Duration.ofSeconds(60))
                .ignoreExceptions()
                .untilAsserted(() -> assertThat(server.images(bucket)).hasSize(1));
        store.close().toCompletionStage().toCompletableFuture().join();
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }
}
