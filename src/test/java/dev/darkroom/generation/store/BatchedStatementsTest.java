package dev.darkroom.generation.store;

import static dev.darkroom.generation.store.GenerationDatabaseFixture.ATTEMPT;
import static dev.darkroom.generation.store.GenerationDatabaseFixture.ROUTE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.backend.InputImages;
import dev.darkroom.database.Database;
import dev.darkroom.generation.GenerationLease;
import dev.darkroom.generation.GenerationRequest;
import dev.darkroom.generation.ImmediateStart;
import dev.darkroom.generation.TestGenerations;
import dev.darkroom.notification.CloudEventFactory;
import dev.darkroom.notification.NotificationWriter;
import dev.darkroom.testing.StatementCounter;
import dev.darkroom.testing.TestPostgres;
import dev.darkroom.usage.BudgetLimit;
import dev.darkroom.webhook.DeliveryEnqueueStore;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Number of statements for submissions and completions that arrive while earlier ones wait for the database. */
@Tag("database")
class BatchedStatementsTest {
    @RegisterExtension
    static final GenerationDatabaseFixture queue = new GenerationDatabaseFixture();

    private final StatementCounter counter = new StatementCounter();
    private Vertx vertx;
    private Database database;

    @BeforeEach
    void openDatabase() {
        vertx = counter.createVertx();
        database = Database.open(vertx, queue.url, queue.settings.database());
        TestPostgres.execute(
                queue.url,
                "TRUNCATE notifications, user_streams, webhook_queue, webhook_attempts, webhook_deliveries, webhooks");
    }

    @AfterEach
    void closeDatabase() {
        await(database.close());
        await(vertx.close());
    }

    private static <T> T await(Future<T> future) {
        return GenerationDatabaseFixture.await(future);
    }

    private static SubmissionStore.Submission submission(String user, IdempotencyKey key) {
        GenerationRequest request = new GenerationRequest(
                "a lighthouse", null, 64, 64, 1, 7, null, Map.of("page", "12"), null, InputImages.NONE, 0);
        return new SubmissionStore.Submission(UUID.randomUUID(), user, ROUTE, request, null, key, null, null, null);
    }

    @Test
    void submissionsShareStatements() {
        // given
        SubmissionStore store = new SubmissionStore(database, queue.settings.generation(), new ImmediateStart());

        // when
        List<Optional<SubmissionStore.Submitted>> stored = queue.callWhileLocked(() -> IntStream.range(0, 101)
                .mapToObj(i -> store.submit(submission("user " + i % 7, null)))
                .toList());

        // then the first is sent at once, and the others fill two statements
        assertThat(stored).allMatch(Optional::isPresent);
        assertThat(counter.statements())
                .containsExactly(SubmissionSql.SUBMIT_PLAIN, SubmissionSql.SUBMIT_PLAIN, SubmissionSql.SUBMIT_PLAIN);
        assertThat(queue.queryValue("SELECT count(*) FROM generations JOIN generation_queue q ON q.generation_id = id"))
                .isEqualTo("101");
    }

    @Test
    void aKeyInTheBatchNeedsNoFurtherStatement() {
        // given
        SubmissionStore store = new SubmissionStore(database, queue.settings.generation(), new ImmediateStart());
        IdempotencyKey key = IdempotencyKey.forRetry("key " + UUID.randomUUID(), UUID.randomUUID());

        // when
        List<Optional<SubmissionStore.Submitted>> stored = queue.callWhileLocked(() -> List.of(
                store.submit(submission("mary", null)),
                store.submit(submission("mary", key)),
                store.submit(submission("mary", null)),
                store.submit(submission("mary", key))));

        // then
        assertThat(stored.stream().map(Optional::isPresent)).containsExactly(true, true, true, false);
        assertThat(counter.statements()).containsExactly(SubmissionSql.SUBMIT_PLAIN, SubmissionSql.SUBMIT);
    }

    private List<GenerationLease> claimAll(int count) {
        queue.submitAll(IntStream.range(0, count).mapToObj(i -> "user " + i % 7).toList());
        List<GenerationLease> leases = await(GenerationDatabaseFixture.claim(
                new GenerationLeaseStore(database), queue.insertNode(), count, ATTEMPT));
        assertThat(leases).hasSize(count);
        counter.clear();
        return leases;
    }

    private GenerationOutcomeStore storeWithWebhooks() {
        NotificationWriter notificationWriter = new NotificationWriter(
                List.of(new DeliveryEnqueueStore(new CloudEventFactory("urn:darkroom"), () -> {})),
                notifications -> {});
        return new GenerationOutcomeStore(database, List.of(notificationWriter));
    }

    private static Supplier<List<Future<Optional<GenerationOutcomeStore.FinishRecord>>>> completions(
            GenerationOutcomeStore store, List<GenerationLease> leases) {
        return () -> {
            List<Future<Optional<GenerationOutcomeStore.FinishRecord>>> completed = new ArrayList<>();
            leases.forEach(lease -> completed.add(
                    store.complete(lease, GenerationDatabaseFixture.storedImages(1), TestGenerations.SUBMITTED)));
            return completed;
        };
    }

    @Test
    void completionsShareTransactionsOfTwoStatements() {
        // given
        GenerationOutcomeStore store = storeWithWebhooks();
        List<GenerationLease> leases = claimAll(60);

        // when
        var finished = queue.callWhileLocked(completions(store, leases));

        // then two are sent at once, one each, and the others share a transaction
        assertThat(finished).allMatch(Optional::isPresent);
        assertThat(counter.statements()).hasSize(3 * 2);
        assertThat(counter.statements())
                .filteredOn(GenerationOutcomeSql.COMPLETE::equals)
                .hasSize(3);
        assertThat(TestPostgres.query(
                        queue.url, "SELECT count(*) || ' ' || count(DISTINCT generation_id) FROM notifications"))
                .containsExactly("60 60");
    }

    @Test
    void onlyBatchesWithAWebhookNeedStatementsForDeliveries() {
        // given a webhook of a user with one generation, which is in the last batch
        GenerationOutcomeStore store = storeWithWebhooks();
        List<GenerationLease> leases = new ArrayList<>(claimAll(14));
        String user = leases.get(13).userId();
        TestPostgres.execute(
                queue.url,
                "INSERT INTO webhooks (id, user_id, url, event_types, format, secret) VALUES (gen_random_uuid(), '"
                        + user + "', 'https://hooks.example.org/', '{*}', 'STANDARD', '\\x00')");
        leases.removeIf(lease -> lease.userId().equals(user) && leases.indexOf(lease) < 13);

        // when
        queue.callWhileLocked(completions(store, leases));

        // then
        assertThat(counter.statements()).hasSize(3 * 2 + 2);
        assertThat(TestPostgres.query(
                        queue.url, "SELECT user_id FROM webhook_deliveries JOIN webhook_queue q USING (user_id)"))
                .containsExactly(user);
    }

    @Test
    void onlyBatchesWithAReservationNeedAStatementForBudgets() {
        // given one of three generations with a budget
        GenerationOutcomeStore store = storeWithWebhooks();
        List<GenerationLease> leases = claimAll(3);
        BudgetLimit limit = new BudgetLimit(BudgetLimit.Scope.BACKEND, "default", BudgetLimit.Period.DAY, 100);
        await(new BudgetStore(database).reserve(leases.get(2), 5, List.of(limit)));
        counter.clear();

        // when
        queue.callWhileLocked(completions(store, leases));

        // then two are sent at once, one each, and the last has one more statement
        assertThat(counter.statements()).hasSize(3 * 2 + 1);
        assertThat(counter.statements())
                .filteredOn(GenerationBudgetSql.SETTLE::equals)
                .hasSize(1);
        assertThat(queue.queryValue("SELECT reserved_micros FROM budgets")).isEqualTo("0");
    }
}
