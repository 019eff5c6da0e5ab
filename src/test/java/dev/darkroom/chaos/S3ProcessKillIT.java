package dev.darkroom.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.chaos.ProcessKillScenario.Run;
import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.OrphanCleanup;
import dev.darkroom.testing.TestPostgres;
import dev.darkroom.testing.s3.S3ProxyServer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Kills processes that store images in a bucket of s3proxy. */
@Tag("s3")
@Timeout(3_600)
class S3ProcessKillIT {
    private static final String BUCKET = "images";

    @TempDir
    Path directory;

    @Test
    void losesNothingAndLeavesNoOrphanAfterKills() throws Exception {
        try (S3ProxyServer server = new S3ProxyServer()) {
            // given
            server.start();
            server.createBucket(BUCKET);
            Map<String, String> imageStore = server.environment(BUCKET, "darkroom/");

            // when
            DatabaseUrl database = new ProcessKillScenario(directory, imageStore)
                    .killRepeatedly(new Run(
                            "kills, S3",
                            30,
                            0,
                            Duration.ZERO,
                            Duration.ofMillis(800),
                            settings(),
                            Duration.ofMinutes(1)));

            // then each object has a row after the cleanup, and each row has an object
            List<String> rows = TestPostgres.query(database, "SELECT 'darkroom/' || storage_key FROM images");
            int objects = imageNames(server).size();
            assertThat(rows).isNotEmpty();
            OrphanCleanup.runUntilAsserted(
                    database,
                    imageStore,
                    () -> assertThat(imageNames(server)).containsExactlyInAnyOrderElementsOf(rows));
            System.out.printf(
                    "chaos: kills, S3: %d images, %d orphaned objects deleted%n", rows.size(), objects - rows.size());
        }
    }

    /** Leases of ten seconds, since the S3 server shares the machine. */
    private static DarkroomInstanceSettings settings() {
        return DarkroomInstanceSettings.forTests()
                .smallProcess()
                .with("DARKROOM_NODE_HEARTBEAT_INTERVAL", "1s")
                .with("DARKROOM_NODE_TTL", "10s")
                .with("DARKROOM_NODE_REAP_INTERVAL", "500ms");
    }

    private static Set<String> imageNames(S3ProxyServer server) {
        Set<String> names = ConcurrentHashMap.newKeySet();
        server.call(client -> client.listObjectsV2Paginator(request -> request.bucket(BUCKET))
                .contents()
                .subscribe(object -> names.add(object.key()))
                .join());
        names.remove("darkroom/.darkroom");
        return names;
    }
}
