package dev.darkroom.image.s3;

import dev.darkroom.testing.s3.S3ProxyServer;
import dev.darkroom.testing.s3.S3Server;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;

@Tag("s3")
class S3ProxyConformanceIT extends S3ImageStoreConformance {
    @TempDir
    static Path directory;

    private static S3ProxyServer server;

    @BeforeAll
    static void startServer() {
        server = new S3ProxyServer(directory);
        server.start();
    }

    @AfterAll
    static void stopServer() {
        server.close();
    }

    @Override
    S3Server server() {
        return server;
    }
}
