package dev.darkroom.image.s3;

import dev.darkroom.image.store.ImageStore;
import dev.darkroom.image.store.ImageStoreConformance;
import dev.darkroom.image.store.ImageStoreOwner;
import dev.darkroom.testing.s3.S3Server;
import io.vertx.core.Future;
import java.util.Map;
import java.util.UUID;

/** The conformance suite with buckets of one S3 server. */
abstract class S3ImageStoreConformance extends ImageStoreConformance {
    /** The servers accept about a hundred connections at once. */
    private static final int CONNECTIONS = 100;

    /** Names a new bucket for each test. */
    private final String bucket = "images-" + UUID.randomUUID();

    private boolean created;

    abstract S3Server server();

    Map<String, String> environment() {
        Map<String, String> environment = server().environment(bucket, "darkroom/");
        environment.put("DARKROOM_S3_MAX_DOWNLOADS", String.valueOf(CONNECTIONS));
        // Most of a thousand downloads wait for a connection.
        environment.put("DARKROOM_S3_TIMEOUT", "10m");
        return environment;
    }

    @Override
    protected Future<ImageStore> open(ImageStoreOwner storeOwner) {
        if (!created) {
            server().createBucket(bucket);
            created = true;
        }
        return S3ImageStore.open(vertx, S3Server.settings(environment()), storeOwner);
    }

    @Override
    protected void removeMarker() {
        server().call(client -> client.deleteObject(
                        request -> request.bucket(bucket).key("darkroom/.darkroom"))
                .join());
    }

    @Override
    protected int parallelReaders() {
        return CONNECTIONS;
    }
}
