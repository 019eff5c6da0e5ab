package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.DarkroomInstance;
import dev.darkroom.testing.DarkroomInstanceProcess;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.InProcessDarkroom;
import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.TestPostgres;
import dev.darkroom.testing.s3.MotoServer;
import dev.darkroom.testing.s3.S3FaultProxy;
import dev.darkroom.testing.s3.S3Server;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.services.s3.model.HeadObjectResponse;
import software.amazon.awssdk.services.s3.model.S3Object;
import software.amazon.awssdk.services.s3.model.ServerSideEncryption;
import software.amazon.awssdk.services.s3.model.StorageClass;

/** A service with options of a bucket that moto records: encryption, storage class and virtual hosts. */
@Tag("s3")
@Timeout(300)
class S3OptionsIT {
    private static final String KMS_KEY = "arn:aws:kms:us-east-1:123456789012:key/0199b1d0-0000-7000-8000-000000000001";

    @RegisterExtension
    static final MotoServer server = new MotoServer();

    @TempDir
    Path directory;

    @AutoClose
    private final InProcessSimulator simulator = new InProcessSimulator(Duration.ofMillis(10));

    private final String bucket = "images-" + UUID.randomUUID();
    private final DatabaseUrl database = TestPostgres.newDatabase();

    @BeforeEach
    void createBucket() {
        server.createBucket(bucket);
    }

    private DarkroomInstanceSettings settings(Map<String, String> imageStore) {
        return DarkroomInstanceSettings.forTests()
                .database(database)
                .aiServer(simulator)
                .with(imageStore);
    }

    /** Creates a generation and returns the path of its image with the signature. */
    private static String createImage(ApiClient client) {
        JsonObject ended = client.awaitEnd(client.create("a lighthouse"));
        assertThat(ended.getString("status")).isEqualTo("COMPLETE");
        URI url = URI.create(ended.getJsonArray("imageUrls").getString(0));
        return url.getRawPath() + "?" + url.getRawQuery();
    }

    /** Returns the marker and an image of a service with some settings. */
    private List<HeadObjectResponse> storeObjects(Map<String, String> changes) {
        DarkroomInstanceSettings settings =
                settings(server.environment(bucket, "darkroom/")).with(changes);
        try (DarkroomInstance service = InProcessDarkroom.start(directory, settings)) {
            createImage(service.client());
        }
        List<HeadObjectResponse> objects =
                server.call(client -> client.listObjectsV2(request -> request.bucket(bucket)).join().contents().stream()
                        .map(S3Object::key)
                        .map(key -> client.headObject(
                                        request -> request.bucket(bucket).key(key))
                                .join())
                        .toList());
        assertThat(objects).hasSize(2);
        return objects;
    }

    @Test
    void leavesEncryptionAndStorageClassToTheBucket() {
        assertThat(storeObjects(Map.of())).allSatisfy(object -> {
            assertThat(object.serverSideEncryption()).isNull();
            assertThat(object.ssekmsKeyId()).isNull();
            assertThat(object.storageClass()).isNull();
        });
    }

    @Test
    void encryptsWithKeysOfTheObjectStore() {
        Map<String, String> changes =
                Map.of("DARKROOM_S3_ENCRYPTION", "sse_s3", "DARKROOM_S3_STORAGE_CLASS", "STANDARD_IA");
        assertThat(storeObjects(changes)).allSatisfy(object -> {
            assertThat(object.serverSideEncryption()).isEqualTo(ServerSideEncryption.AES256);
            assertThat(object.ssekmsKeyId()).isNull();
            assertThat(object.storageClass()).isEqualTo(StorageClass.STANDARD_IA);
        });
    }

    @Test
    void encryptsWithAKeyOfTheKeyManagementService() {
        Map<String, String> changes = Map.of("DARKROOM_S3_ENCRYPTION", "sse_kms", "DARKROOM_S3_KMS_KEY_ID", KMS_KEY);
        assertThat(storeObjects(changes)).allSatisfy(object -> {
            assertThat(object.serverSideEncryption()).isEqualTo(ServerSideEncryption.AWS_KMS);
            assertThat(object.ssekmsKeyId()).isEqualTo(KMS_KEY);
        });
    }

    @Test
    void usesVirtualHosts() throws Exception {
        try (S3FaultProxy proxy = new S3FaultProxy(server)) {
            // given a process that resolves the name of the bucket
            String host = bucket + ".localhost";
            Path hosts = Files.writeString(directory.resolve("hosts"), "127.0.0.1 localhost\n127.0.0.1 " + host + "\n");
            String port = ":" + proxy.endpoint().getPort();
            Map<String, String> imageStore =
                    S3Server.environment(URI.create("http://localhost" + port), bucket, "darkroom/");
            imageStore.put("DARKROOM_S3_PATH_STYLE", "false");
            imageStore.put("DARKROOM_S3_DELIVERY", "redirect");
            try (DarkroomInstanceProcess service = DarkroomInstanceProcess.start(
                    directory, settings(imageStore).environment(), "-Djdk.net.hosts.file=" + hosts)) {

                // when
                String path = createImage(service.client());

                // then
                String name = server.images(bucket).keySet().iterator().next();
                assertThat(proxy.requests(HttpMethod.PUT))
                        .filteredOn(request -> request.path().endsWith(".png"))
                        .singleElement()
                        .satisfies(request -> {
                            assertThat(request.host()).isEqualTo(host + port);
                            assertThat(request.path()).isEqualTo("/" + name);
                        });
                assertThat(service.client().get(path).header("Location"))
                        .startsWith("http://" + host + port + "/" + name + "?X-Amz-");
            }
        }
    }
}
