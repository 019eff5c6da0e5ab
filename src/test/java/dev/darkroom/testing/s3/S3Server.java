package dev.darkroom.testing.s3;

import dev.darkroom.config.S3Settings;
import dev.darkroom.config.SettingsLoader;
import dev.darkroom.testing.ExternalTool;
import dev.darkroom.testing.FreePort;
import dev.darkroom.testing.TestDirectories;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.async.AsyncResponseTransformer;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3AsyncClient;
import software.amazon.awssdk.services.s3.model.S3Object;

/** S3 server in a process of its own. As a static extension, it runs while the tests of a class run. The methods block. */
public abstract class S3Server implements AutoCloseable, BeforeAllCallback, AfterAllCallback {
    public static final String ACCESS_KEY_ID = "darkroom";
    public static final String SECRET_ACCESS_KEY = "darkroom-secret";

    private final Path directory;
    private final int port = FreePort.find();
    private Process process;
    /** Guarded by this. Null before the first call. */
    private S3AsyncClient client;

    /** @param tool the server */
    S3Server(ExternalTool tool) {
        try {
            directory = Files.createTempDirectory(tool.target(), "data");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns the directory for objects and the log, which {@link #close} deletes. */
    final Path directory() {
        return directory;
    }

    @Override
    public final void beforeAll(ExtensionContext context) {
        start();
    }

    @Override
    public final void afterAll(ExtensionContext context) {
        close();
    }

    /** Installs the server unless it is installed, and starts it. */
    public final void start() {
        try {
            process = launch(port);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        Awaitility.await("the S3 server listens")
                .atMost(Duration.ofSeconds(120))
                .failFast("the S3 server ended", () -> !process.isAlive())
                .ignoreExceptions()
                .until(() -> {
                    try (Socket socket = new Socket("127.0.0.1", port)) {
                        return socket.isConnected();
                    }
                });
    }

    /** Installs the server unless it is installed, and starts its process. */
    abstract Process launch(int port) throws IOException, InterruptedException;

    public int port() {
        return port;
    }

    public URI endpoint() {
        return URI.create("http://127.0.0.1:" + port);
    }

    /** Returns the settings of a service that stores its images in a bucket. */
    public Map<String, String> environment(String bucket, String prefix) {
        return environment(endpoint(), bucket, prefix);
    }

    /** Returns the settings of a service that reaches the server through {@code endpoint}. */
    public static Map<String, String> environment(URI endpoint, String bucket, String prefix) {
        Map<String, String> environment = new HashMap<>();
        environment.put("DARKROOM_IMAGE_STORE", "s3");
        environment.put("DARKROOM_S3_ENDPOINT", endpoint.toString());
        environment.put("DARKROOM_S3_PATH_STYLE", "true");
        environment.put("DARKROOM_S3_BUCKET", bucket);
        environment.put("DARKROOM_S3_PREFIX", prefix);
        environment.put("DARKROOM_S3_ACCESS_KEY_ID", ACCESS_KEY_ID);
        environment.put("DARKROOM_S3_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY);
        return environment;
    }

    /** Reads settings of the image store. */
    public static S3Settings settings(Map<String, String> environment) {
        return SettingsLoader.load(environment, Path.of("/nowhere/at/all"))
                .settings()
                .s3();
    }

    public void createBucket(String bucket) {
        call(client -> client.createBucket(request -> request.bucket(bucket)).join());
    }

    /** Deletes a bucket, which must be empty. */
    public void deleteBucket(String bucket) {
        call(client -> client.deleteBucket(request -> request.bucket(bucket)).join());
    }

    /** Returns the content of the images of a bucket by their names, without the marker. */
    public Map<String, byte[]> images(String bucket) {
        return call(s3 -> {
            Map<String, byte[]> images = new HashMap<>();
            for (S3Object object :
                    s3.listObjectsV2(request -> request.bucket(bucket)).join().contents()) {
                if (!object.key().endsWith("/.darkroom")) {
                    images.put(
                            object.key(),
                            s3.getObject(
                                            request -> request.bucket(bucket).key(object.key()),
                                            AsyncResponseTransformer.toBytes())
                                    .join()
                                    .asByteArray());
                }
            }
            return images;
        });
    }

    /** Calls the server with a client other than that of the service. */
    public <T> T call(Function<S3AsyncClient, T> calls) {
        synchronized (this) {
            if (client == null) {
                client = S3AsyncClient.builder()
                        .endpointOverride(endpoint())
                        .region(Region.US_EAST_1)
                        .forcePathStyle(true)
                        .credentialsProvider(StaticCredentialsProvider.create(
                                AwsBasicCredentials.create(ACCESS_KEY_ID, SECRET_ACCESS_KEY)))
                        .build();
            }
        }
        return calls.apply(client);
    }

    /** Kills the process. Another {@link #start} continues with the objects and the port. */
    public final void kill() {
        synchronized (this) {
            if (client != null) {
                client.close();
                client = null;
            }
        }
        process.destroyForcibly();
        try {
            process.waitFor(60, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Kills the process, and deletes its objects. */
    @Override
    public final void close() {
        kill();
        TestDirectories.delete(directory);
    }
}
