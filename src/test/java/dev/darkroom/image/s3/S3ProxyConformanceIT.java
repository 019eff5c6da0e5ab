package dev.darkroom.image.s3;

import dev.darkroom.testing.s3.S3ProxyServer;
import dev.darkroom.testing.s3.S3Server;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.RegisterExtension;

@Tag("s3")
class S3ProxyConformanceIT extends S3ImageStoreConformance {
    @RegisterExtension
    static final S3ProxyServer server = new S3ProxyServer();

    @Override
    S3Server server() {
        return server;
    }
}
