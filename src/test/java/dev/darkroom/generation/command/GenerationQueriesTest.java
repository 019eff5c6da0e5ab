package dev.darkroom.generation.command;

import static dev.darkroom.generation.store.GenerationDatabaseFixture.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.cache.RefreshingValue;
import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.database.Database;
import dev.darkroom.eventbus.CommandReply;
import dev.darkroom.eventbus.RejectionReason;
import dev.darkroom.eventbus.Requester;
import dev.darkroom.generation.Generation;
import dev.darkroom.generation.GenerationCommand.GetGeneration;
import dev.darkroom.generation.GenerationStatus;
import dev.darkroom.generation.store.GenerationDatabaseFixture;
import dev.darkroom.generation.store.QueueSnapshot;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Reads of generations: shared statements, access, and queue positions. */
@Tag("database")
class GenerationQueriesTest {
    private static final Requester OWNER = new Requester("local", false);
    private static final Requester OTHER_USER = new Requester("other", false);
    private static final Requester ADMIN = new Requester("root", true);

    @RegisterExtension
    static final GenerationDatabaseFixture queue = new GenerationDatabaseFixture();

    private static GenerationCommandDependencies with(Database database, QueueSnapshots queueSnapshots) {
        GenerationCommandDependencies defaults = queue.commandDependencies();
        return new GenerationCommandDependencies(
                database,
                defaults.submissions(),
                defaults.notifyChannel(),
                defaults.imageStore(),
                defaults.backlogEstimator(),
                queueSnapshots,
                defaults.completionWaiters(),
                defaults.finishListeners(),
                defaults.egressPolicy(),
                defaults.uploads(),
                defaults.inputImageEgress(),
                defaults.jobCanceller(),
                defaults.budgetLimits(),
                defaults.nodeSettings(),
                defaults.metrics());
    }

    private static GenerationQueries queries(GenerationCommandDependencies dependencies) {
        return new GenerationQueries(queue.vertx, dependencies, Duration.ofSeconds(20));
    }

    private static GetGeneration get(UUID id, Requester requester) {
        return new GetGeneration(requester, id, Duration.ZERO);
    }

    /** Sends all reads in one turn of an event loop, and returns their replies in the same order. */
    private static List<CommandReply<Generation>> readAtOnce(GenerationQueries queries, List<GetGeneration> commands) {
        Promise<List<CommandReply<Generation>>> replies = Promise.promise();
        queue.vertx.runOnContext(
                loop -> Future.all(commands.stream().map(queries::get).toList())
                        .<List<CommandReply<Generation>>>map(done -> done.list())
                        .onComplete(replies));
        return await(replies.future());
    }

    private static Generation completed(CommandReply<Generation> reply) {
        assertThat(reply).isInstanceOf(CommandReply.Completed.class);
        return ((CommandReply.Completed<Generation>) reply).result();
    }

    private static void assertNotFound(CommandReply<Generation> reply) {
        assertThat(reply)
                .isInstanceOfSatisfying(
                        CommandReply.Rejected.class,
                        rejected -> assertThat(rejected.reason()).isEqualTo(RejectionReason.NOT_FOUND));
    }

    @Test
    @DisplayName("reads that share a statement get the generations of their own user only")
    void checksAccessOfEachRead() {
        // given
        List<UUID> ids = List.of(queue.submit(), queue.submit(), queue.submit());
        List<GetGeneration> commands = new ArrayList<>();
        for (int i = 0; i < 30; i++) {
            commands.add(get(ids.get(i % 3), OWNER));
            commands.add(get(ids.get(i % 3), OTHER_USER));
            commands.add(get(ids.get(i % 3), ADMIN));
            commands.add(get(UUID.randomUUID(), ADMIN));
        }

        // when
        List<CommandReply<Generation>> replies = readAtOnce(queries(queue.commandDependencies()), commands);

        // then
        for (int i = 0; i < 30; i++) {
            assertThat(completed(replies.get(4 * i)).id()).isEqualTo(ids.get(i % 3));
            assertNotFound(replies.get(4 * i + 1));
            assertThat(completed(replies.get(4 * i + 2)).queuePosition().ahead())
                    .isEqualTo(i % 3);
            assertNotFound(replies.get(4 * i + 3));
        }
    }

    @Test
    void concurrentReadsShareFewStatements() {
        // given a separate database, which counts the statements of the reads only
        DatabaseUrl url = TestPostgres.migratedDatabase();
        Database database = Database.open(queue.vertx, url, queue.settings.database());
        GenerationQueries queries = queries(with(database, new QueueSnapshots(queue.vertx, database)));
        TestPostgres.execute(
                url,
                "INSERT INTO generations (id, user_id, prompt, width, height, image_count, seed)"
                        + " SELECT gen_random_uuid(), 'local', 'x', 64, 64, 1, 7 FROM generate_series(1, 1000)",
                "INSERT INTO generation_queue (generation_id, user_id, route, deadline)"
                        + " SELECT id, user_id, 'default', now() + interval '1 hour' FROM generations");
        List<GetGeneration> commands = TestPostgres.query(url, "SELECT id FROM generations").stream()
                .map(id -> get(UUID.fromString(id), OWNER))
                .toList();
        long before = statements(url);

        // when
        List<CommandReply<Generation>> replies = readAtOnce(queries, commands);
        await(database.close());
        Awaitility.await("the sessions report their statistics")
                .atMost(Duration.ofSeconds(60))
                .until(() -> TestPostgres.query(
                                url,
                                "SELECT FROM pg_stat_activity WHERE datname = current_database()"
                                        + " AND application_name = 'darkroom'")
                        .isEmpty());

        // then the first two and each 64 of the others share one, and there is one snapshot of the queue
        assertThat(replies)
                .allSatisfy(
                        reply -> assertThat(completed(reply).queuePosition()).isNotNull());
        assertThat(statements(url) - before)
                .as("statements, including those of this test and of connecting")
                .isBetween(19L, 60L);
    }

    /** Returns the number of transactions. Each statement is its own transaction. */
    private static long statements(DatabaseUrl url) {
        return Long.parseLong(TestPostgres.query(
                        url,
                        "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()")
                .get(0));
    }

    private static QueueSnapshots snapshots(Supplier<Future<QueueSnapshot>> loader) {
        return new QueueSnapshots(route -> new RefreshingValue<>(
                queue.vertx,
                loader,
                new RefreshingValue.RefreshPolicy(
                        Duration.ofHours(1), Duration.ofHours(1), Duration.ZERO, Duration.ofHours(1)),
                System::nanoTime));
    }

    @Test
    @DisplayName("the status is returned without a position when the queue cannot be read")
    void returnsStatusWithoutSnapshot() {
        // given
        UUID id = queue.submit();
        GenerationQueries queries =
                queries(with(queue.database, snapshots(() -> Future.failedFuture("statement timeout"))));

        // when
        Generation generation =
                completed(readAtOnce(queries, List.of(get(id, OWNER))).get(0));

        // then
        assertThat(generation.status()).isEqualTo(GenerationStatus.PENDING);
        assertThat(generation.queuePosition()).isNull();
    }

    @Test
    void readsQueueOnlyForWaitingGenerations() {
        // given
        UUID running = queue.submitAndClaim().generationId();
        AtomicInteger loads = new AtomicInteger();
        GenerationQueries queries = queries(with(queue.database, snapshots(() -> {
            loads.incrementAndGet();
            return queue.generationStore.readQueue(GenerationDatabaseFixture.ROUTE);
        })));

        // when
        readAtOnce(queries, List.of(get(running, OWNER), get(UUID.randomUUID(), OWNER)));

        // then
        assertThat(loads).hasValue(0);

        // when
        UUID waiting = queue.submit();
        List<CommandReply<Generation>> replies =
                readAtOnce(queries, List.of(get(waiting, OWNER), get(waiting, ADMIN), get(running, OWNER)));

        // then
        assertThat(loads).hasValue(1);
        assertThat(completed(replies.get(1)).queuePosition().ahead()).isZero();
        assertThat(completed(replies.get(2)).queuePosition()).isNull();
    }
}
