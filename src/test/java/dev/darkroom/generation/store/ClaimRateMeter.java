package dev.darkroom.generation.store;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.Settings;
import dev.darkroom.database.Database;
import dev.darkroom.generation.GenerationLease;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/** Measures the rate of consecutive claims for the benchmark. Blocking. */
public final class ClaimRateMeter implements AutoCloseable {
    private static final int CLAIM_LIMIT = 16;

    private final Vertx vertx = Vertx.vertx();
    private final Database database;
    private final GenerationLeaseStore leases;

    public ClaimRateMeter(DatabaseUrl url, Settings.Database settings) {
        this.database = Database.open(vertx, url, settings);
        this.leases = new GenerationLeaseStore(database);
    }

    /** Claims {@code count} waiting generations and returns the rate per second. */
    public double measureRate(UUID node, int count) throws Exception {
        long start = System.nanoTime();
        int claimed = 0;
        while (claimed < count) {
            List<GenerationLease> batch =
                    await(GenerationDatabaseFixture.claim(leases, node, CLAIM_LIMIT, Duration.ofMinutes(2)));
            if (batch.isEmpty()) {
                throw new IllegalStateException("only " + claimed + " could be claimed");
            }
            claimed += batch.size();
        }
        return claimed / ((System.nanoTime() - start) / 1e9);
    }

    private static <T> T await(Future<T> future) throws Exception {
        return future.toCompletionStage().toCompletableFuture().get(1, TimeUnit.MINUTES);
    }

    @Override
    public void close() throws Exception {
        await(database.close());
        await(vertx.close());
    }
}
