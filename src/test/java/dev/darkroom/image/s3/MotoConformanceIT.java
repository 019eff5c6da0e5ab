package dev.darkroom.image.s3;

import dev.darkroom.testing.s3.MotoServer;
import dev.darkroom.testing.s3.S3Server;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.RegisterExtension;

@Tag("s3")
class MotoConformanceIT extends S3ImageStoreConformance {
    @RegisterExtension
    static final MotoServer server = new MotoServer();

    @Override
    S3Server server() {
        return server;
    }
}
