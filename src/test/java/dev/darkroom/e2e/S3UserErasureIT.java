package dev.darkroom.e2e;

import dev.darkroom.testing.s3.S3ProxyServer;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Erases a user whose images are in a bucket. */
@Tag("s3")
class S3UserErasureIT extends UserErasureIT {
    @RegisterExtension
    static final S3ProxyServer server = new S3ProxyServer();

    private final String bucket = "images-" + UUID.randomUUID();

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
