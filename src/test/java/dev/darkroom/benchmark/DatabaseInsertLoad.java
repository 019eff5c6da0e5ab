package dev.darkroom.benchmark;

import com.fasterxml.uuid.Generators;
import com.fasterxml.uuid.NoArgGenerator;
import dev.darkroom.config.Settings;
import dev.darkroom.database.Database;
import dev.darkroom.generation.GenerationRequest;
import io.vertx.core.Context;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import io.vertx.sqlclient.PreparedQuery;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

/**
 * What the database can take: one row per transaction, with the bytes of a generation, into a table like that of generations.
 * The connections are those of the service: the same code opens them. A fixed number of inserts is under way at any time, as
 * many as callers wait for the service.
 */
final class DatabaseInsertLoad implements AutoCloseable {
    /** With the constraints and the index of the original, without its rows. */
    static final String TABLE =
            "CREATE TABLE benchmark_generations (LIKE generations INCLUDING ALL) WITH (fillfactor = 85);"
                    + " GRANT INSERT ON benchmark_generations TO darkroom";

    private static final String INSERT = """
            INSERT INTO benchmark_generations
              (id, user_id, prompt, negative_prompt, width, height, image_count, seed, model, metadata)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)""";

    private final Vertx vertx = Vertx.vertx();
    private final List<Context> contexts = new CopyOnWriteArrayList<>();
    private final Database database;
    private final GenerationRequest request;

    DatabaseInsertLoad(Settings.Database settings, GenerationRequest request) throws Exception {
        this.database = Database.open(vertx, settings.url(), settings);
        this.request = request;
        DeploymentOptions perCore =
                new DeploymentOptions().setInstances(Runtime.getRuntime().availableProcessors());
        await(vertx.deployVerticle(() -> new Loop(contexts), perCore));
    }

    /** Only there for its event loop. */
    private static final class Loop extends VerticleBase {
        private final List<Context> loops;

        Loop(List<Context> loops) {
            this.loops = loops;
        }

        @Override
        public Future<?> start() {
            loops.add(context);
            return Future.succeededFuture();
        }
    }

    /** Inserts for so long, {@code inserts} at once, and waits for the last ones. Blocks. */
    LoadResult run(int inserts, Duration time) throws Exception {
        long start = System.nanoTime();
        long end = start + time.toNanos();
        List<Future<LoadResult.Latencies>> running = new ArrayList<>();
        for (Context loop : contexts) {
            Inserter inserter = new Inserter(end, inserts / contexts.size());
            loop.runOnContext(now -> inserter.start());
            running.add(inserter.done.future());
        }
        await(Future.all(running));
        return LoadResult.of(start, running.stream().map(Future::result).toList());
    }

    /** Keeps some inserts under way on one event loop. */
    private final class Inserter {
        private final PreparedQuery<RowSet<Row>> insert = database.client().preparedQuery(INSERT);
        private final NoArgGenerator ids = Generators.timeBasedEpochRandomGenerator();
        private final LoadResult.Latencies latencies = new LoadResult.Latencies();
        private final Promise<LoadResult.Latencies> done = Promise.promise();
        private final long end;
        private int underWay;

        Inserter(long end, int underWay) {
            this.end = end;
            this.underWay = underWay;
        }

        void start() {
            for (int i = underWay; i > 0; i--) {
                next();
            }
        }

        private void next() {
            long sentAt = System.nanoTime();
            insert.execute(row()).onComplete(inserted -> {
                long now = System.nanoTime();
                latencies.add(now - sentAt);
                if (inserted.failed()) {
                    done.tryFail(inserted.cause());
                } else if (now < end) {
                    next();
                } else if (--underWay == 0) {
                    done.complete(latencies);
                }
            });
        }

        private Tuple row() {
            return Tuple.of(ids.generate(), "local", request.prompt(), request.negativePrompt())
                    .addInteger(request.width())
                    .addInteger(request.height())
                    .addInteger(request.count())
                    .addLong(request.seed())
                    .addString(request.model())
                    .addValue(request.metadata());
        }
    }

    private static void await(Future<?> future) throws Exception {
        future.toCompletionStage().toCompletableFuture().get(2, TimeUnit.MINUTES);
    }

    @Override
    public void close() throws Exception {
        await(database.close());
        await(vertx.close());
    }
}
