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
import io.vertx.core.json.JsonObject;
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
 * Inserts two rows per statement and transaction, a generation and its queue row, into copies of the two tables. Opens its
 * connections with the code of the service. Runs a fixed number of concurrent inserts, equal to the concurrent requests to
 * the service.
 */
final class DatabaseInsertLoad implements AutoCloseable {
    /** Creates empty tables with the constraints and indexes of the originals, except foreign keys. */
    static final String TABLES = """
            CREATE TABLE benchmark_generations (LIKE generations INCLUDING ALL) WITH (fillfactor = 85);
            CREATE TABLE benchmark_queue (LIKE generation_queue INCLUDING ALL) WITH (fillfactor = 70);
            GRANT ALL ON benchmark_generations, benchmark_queue TO darkroom""";

    private static final String INSERT = """
            WITH accepted AS (
              INSERT INTO benchmark_generations
                (id, user_id, prompt, negative_prompt, width, height, image_count, seed, model, metadata)
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10))
            INSERT INTO benchmark_queue (generation_id, user_id, route, deadline, turn)
            VALUES ($1, $2, 'default', now() + interval '1 hour', $11)""";

    private final Vertx vertx = Vertx.vertx();
    private final List<Context> contexts = new CopyOnWriteArrayList<>();
    private final Database database;
    private final GenerationRequest request;

    DatabaseInsertLoad(Settings.Database settings, GenerationRequest request) throws Exception {
        this.database = Database.open(vertx, settings.url(), settings);
        this.request = request;
        DeploymentOptions perCore =
                new DeploymentOptions().setInstances(Runtime.getRuntime().availableProcessors());
        await(vertx.deployVerticle(() -> new ContextVerticle(contexts), perCore));
    }

    /** Provides the context of an event loop. */
    private static final class ContextVerticle extends VerticleBase {
        private final List<Context> contexts;

        ContextVerticle(List<Context> contexts) {
            this.contexts = contexts;
        }

        @Override
        public Future<?> start() {
            contexts.add(context);
            return Future.succeededFuture();
        }
    }

    /** Runs {@code concurrency} concurrent inserts for {@code time} and waits for the last ones. Blocks. */
    LoadResult run(int concurrency, Duration time) throws Exception {
        long start = System.nanoTime();
        long end = start + time.toNanos();
        List<Future<LoadResult.Latencies>> running = new ArrayList<>();
        for (Context context : contexts) {
            Inserter inserter = new Inserter(end, concurrency / contexts.size());
            context.runOnContext(v -> inserter.start());
            running.add(inserter.done.future());
        }
        await(Future.all(running));
        return LoadResult.of(start, running.stream().map(Future::result).toList());
    }

    /** Runs concurrent inserts on one event loop. */
    private final class Inserter {
        private final PreparedQuery<RowSet<Row>> insert = database.client().preparedQuery(INSERT);
        private final NoArgGenerator ids = Generators.timeBasedEpochRandomGenerator();
        private final LoadResult.Latencies latencies = new LoadResult.Latencies();
        private final Promise<LoadResult.Latencies> done = Promise.promise();
        private final long end;
        private int active;
        private long turn;

        Inserter(long end, int active) {
            this.end = end;
            this.active = active;
        }

        void start() {
            for (int i = active; i > 0; i--) {
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
                } else if (--active == 0) {
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
                    .addValue(JsonObject.mapFrom(request.metadata()))
                    .addLong(turn++);
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
