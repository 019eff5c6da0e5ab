package dev.darkroom.e2e;

import dev.darkroom.testing.s3.S3ProxyServer;
import java.nio.file.Path;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;

/** Erases a user whose images are in a bucket. */
@Tag("s3")
class S3UserErasureIT extends UserErasureIT {
    @TempDir
    static Path serverDirectory;

    private static S3ProxyServer server;

    private final String bucket = "images-" + UUID.randomUUID();

    @BeforeAll
    static void startServer() {
        server = new S3ProxyServer(serverDirectory);
        server.start();
    }

    @AfterAll
    static void stopServer() {
        server.close();
    }

    @BeforeEach
    void createBucket() {
        server.createBucket(bucket);
    }

    @Override
    Map<String, String> imageStore() {
        return server.environment(bucket, "darkroom/");
    }

    @Override
    Map<String, byte[]> files() {
        return server.images(bucket);
    }
}
