package dev.darkroom.generation.store;

import dev.darkroom.backend.FailureClass;
import dev.darkroom.backend.InputImages;
import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.Settings;
import dev.darkroom.config.SettingsLoader;
import dev.darkroom.config.TestSettings;
import dev.darkroom.database.Database;
import dev.darkroom.database.DatabaseMigrator;
import dev.darkroom.database.NotifyChannel;
import dev.darkroom.generation.AttemptOutcome;
import dev.darkroom.generation.GenerationFinishListener;
import dev.darkroom.generation.GenerationLease;
import dev.darkroom.generation.GenerationRequest;
import dev.darkroom.generation.ImmediateStart;
import dev.darkroom.generation.StoredImage;
import dev.darkroom.generation.TestGenerations;
import dev.darkroom.generation.command.BacklogEstimator;
import dev.darkroom.generation.command.GenerationCommandDependencies;
import dev.darkroom.generation.command.QueueSnapshots;
import dev.darkroom.generation.command.SubmissionMetrics;
import dev.darkroom.generation.route.BackendSelection;
import dev.darkroom.generation.route.RouteOffer;
import dev.darkroom.generation.waiting.WaitingRequest;
import dev.darkroom.generation.watch.CompletionWaiters;
import dev.darkroom.http.egress.EgressPolicy;
import dev.darkroom.maintenance.doctor.DatabaseDoctor;
import dev.darkroom.queue.ClaimedJobs;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.DatabaseInvariants;
import dev.darkroom.testing.TestPostgres;
import dev.darkroom.upload.UploadStore;
import dev.darkroom.usage.BudgetLimits;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Separate database with the tables of generations, and methods to fill and read them. Blocking. As an extension of a test class it
 * clears the tables after each test and closes after the last.
 */
public final class GenerationDatabaseFixture implements AfterEachCallback, AfterAllCallback, AutoCloseable {
    public static final String ROUTE = "default";
    public static final String BACKEND = "default";
    public static final Duration ATTEMPT = Duration.ofMinutes(2);

    static final List<String> TABLES = List.of(
            "usage_days",
            "budgets",
            "images",
            "waiting_requests",
            "upload_uses",
            "uploads",
            "callback_jobs",
            "generation_attempt_purges",
            "generation_retries",
            "generation_attempts",
            "generation_queue",
            "generations",
            "nodes");

    /** Rejects every webhook URL. */
    public static final EgressPolicy NO_EGRESS = new EgressPolicy(
            new EgressPolicy.Rules(List.of(), false, List.of()), name -> Future.failedFuture("no host name resolves"));

    public final Vertx vertx = Vertx.vertx();
    public final DatabaseUrl url = TestPostgres.migratedDatabase();
    public final Settings settings;
    public final Database database;
    public final NotifyChannel notifyChannel;
    public final GenerationLeaseStore leaseStore;
    public final GenerationOutcomeStore outcomeStore;
    final SubmissionStore submissionStore;
    public final GenerationStore generationStore;

    public GenerationDatabaseFixture() {
        settings = SettingsLoader.load(
                        DarkroomInstanceSettings.forTests().database(url).environment(), Path.of("/nowhere/at/all"))
                .settings();
        DatabaseMigrator.migrate(url, settings.database());
        database = Database.open(vertx, url, settings.database());
        notifyChannel = NotifyChannel.open(vertx, url, settings.database());
        leaseStore = new GenerationLeaseStore(database);
        outcomeStore = outcomeStoreWith();
        submissionStore = new SubmissionStore(database, settings.generation(), new ImmediateStart());
        generationStore = new GenerationStore(database);
    }

    GenerationOutcomeStore outcomeStoreWith(GenerationFinishListener... listeners) {
        return new GenerationOutcomeStore(database, List.of(listeners));
    }

    /** Undeploys all verticles and empties every table. */
    public void clear() {
        undeploy();
        TestPostgres.execute(url, "TRUNCATE " + String.join(", ", TABLES));
    }

    /** Submits a generation with a deadline of 15 min. */
    public UUID submit() {
        return submit(Duration.ofMinutes(15));
    }

    public UUID submit(Duration lifetime) {
        return await(submit(new SubmissionStore(database, withLifetime(lifetime), new ImmediateStart()), "local", 0));
    }

    private Settings.Generation withLifetime(Duration lifetime) {
        return TestSettings.with(settings.generation(), "deadline", lifetime);
    }

    /** Submits a generation of a user with a deadline of 15 min. */
    UUID submit(String user, int priority) {
        return await(submit(submissionStore, user, priority));
    }

    /** Returns dependencies of command verticles without the verticles that update them. */
    public GenerationCommandDependencies commandDependencies() {
        return new GenerationCommandDependencies(
                database,
                submissionStore,
                notifyChannel,
                null,
                new BacklogEstimator(),
                new QueueSnapshots(vertx, database),
                new CompletionWaiters(),
                List.of(),
                NO_EGRESS,
                new UploadStore(database, settings.inputImages()),
                NO_EGRESS,
                job -> {},
                new BudgetLimits(settings.accounting(), settings.backends()),
                settings.node(),
                new SubmissionMetrics(new SimpleMeterRegistry()));
    }

    /** Submits one generation per list element, which names its user. */
    List<UUID> submitAll(List<String> users) {
        // Small enough that no submission waits for long.
        int batchSize = 500;
        List<UUID> all = new ArrayList<>();
        for (int from = 0; from < users.size(); from += batchSize) {
            List<Future<UUID>> submitted = users.subList(from, Math.min(from + batchSize, users.size())).stream()
                    .map(user -> submit(submissionStore, user, 0))
                    .toList();
            all.addAll(await(Future.all(submitted).map(done -> done.list())));
        }
        return all;
    }

    private static Future<UUID> submit(SubmissionStore store, String user, int priority) {
        SubmissionStore.Submission submission = submission(user, priority);
        return store.submit(submission).map(stored -> submission.id());
    }

    private static SubmissionStore.Submission submission(String user, int priority) {
        GenerationRequest request =
                new GenerationRequest("a lighthouse", null, 64, 64, 1, 7, null, null, null, InputImages.NONE, priority);
        return new SubmissionStore.Submission(UUID.randomUUID(), user, ROUTE, request, null, null, null, null, null);
    }

    /** Submits a generation that the worker of {@code immediateStart} may start immediately. */
    public SubmissionStore.Submitted submit(ImmediateStart immediateStart) {
        return await(submitWith(immediateStart));
    }

    /** As {@link #submit(ImmediateStart)}, with an idempotency key. */
    public SubmissionStore.Submitted submit(ImmediateStart immediateStart, IdempotencyKey key) {
        SubmissionStore.Submission plain = submission("local", 0);
        return await(new SubmissionStore(database, settings.generation(), immediateStart)
                .submit(new SubmissionStore.Submission(
                        plain.id(), plain.userId(), ROUTE, plain.request(), null, key, null, null, null))
                .map(Optional::orElseThrow));
    }

    /** Submits a generation for which a connection waits. Its process must have a node. */
    public UUID submit(String user, WaitingRequest request) {
        SubmissionStore.Submission plain = submission(user, 0);
        return await(submissionStore
                .submit(new SubmissionStore.Submission(
                        plain.id(), user, ROUTE, plain.request(), null, null, null, request, null))
                .map(stored -> plain.id()));
    }

    /** As {@link #submit(ImmediateStart)}, without waiting for the result. */
    public Future<SubmissionStore.Submitted> submitWith(ImmediateStart immediateStart) {
        return submitWith(immediateStart, List.of("local")).get(0);
    }

    /** Submits generations of users with the same store, so that they may share statements. */
    public List<Future<SubmissionStore.Submitted>> submitWith(ImmediateStart immediateStart, List<String> users) {
        SubmissionStore store = new SubmissionStore(database, settings.generation(), immediateStart);
        return users.stream()
                .map(user -> store.submit(submission(user, 0)).map(Optional::orElseThrow))
                .toList();
    }

    /** Calls a supplier while a lock keeps every statement on generations waiting, and returns the results after its release. */
    public <T> List<T> callWhileLocked(Supplier<List<Future<T>>> calls) {
        List<Future<T>> results;
        try (Connection connection = DriverManager.getConnection(
                url.jdbcUrl(), url.user(), url.password().value())) {
            connection.setAutoCommit(false);
            connection.createStatement().execute("LOCK TABLE generations");
            results = calls.get();
            connection.rollback();
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
        return results.stream().map(GenerationDatabaseFixture::await).toList();
    }

    /** Inserts a node that expires in an hour. */
    public UUID insertNode() {
        UUID id = UUID.randomUUID();
        execute("INSERT INTO nodes (id, host, version, expires_at) VALUES ('" + id
                + "', 'test', 'test', now() + interval '1 hour')");
        return id;
    }

    /** Inserts a node of a process that expires in the TTL of the settings. */
    public void insertNodeOf(UUID processId) {
        execute(
                "INSERT INTO nodes (id, host, version, expires_at, process_id) VALUES (gen_random_uuid(), 'test', 'test', now() + interval '"
                        + settings.node().ttl().toMillis() + " ms', '" + processId + "')");
    }

    /** Lets a node expire. */
    public void expireNode(UUID node) {
        execute("UPDATE nodes SET expires_at = now() - interval '1 ms' WHERE id = '" + node + "'");
    }

    /** Expires the node of an attempt and records the attempt as lost after its submission, which the next attempt looks up. */
    public void loseSubmission(GenerationLease generationLease) {
        expireNode(generationLease.nodeId());
        await(outcomeStore.retry(
                generationLease,
                AttemptOutcome.LOST,
                false,
                TestFailures.of(FailureClass.AMBIGUOUS),
                Duration.ZERO,
                generationLease.job(),
                TestGenerations.SUBMITTED));
    }

    public List<GenerationLease> claim(UUID node, int limit) {
        return await(claim(leaseStore, node, limit, ATTEMPT));
    }

    /** Claims up to {@code limit} generations at {@link #BACKEND}. */
    public static Future<List<GenerationLease>> claim(
            GenerationLeaseStore store, UUID node, int limit, Duration attemptTimeout) {
        RouteOffer offer = new RouteOffer(
                Collections.nCopies(limit, new RouteOffer.Slot(ROUTE, BACKEND, null, BackendSelection.ONLY)),
                List.of(new RouteOffer.BackendState(BACKEND, limit, attemptTimeout, true, false)));
        return store.claim(node, limit, offer).map(ClaimedJobs::leases);
    }

    /** Submits one generation and claims it for a new node. No other generation may be waiting. */
    public GenerationLease submitAndClaim() {
        UUID id = submit();
        GenerationLease generationLease = claim(insertNode(), 1).get(0);
        if (!generationLease.generationId().equals(id)) {
            throw new IllegalStateException("another generation was waiting");
        }
        return generationLease;
    }

    /** Returns metadata of stored images. */
    public static List<StoredImage> storedImages(int count) {
        List<StoredImage> images = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            UUID id = UUID.randomUUID();
            images.add(new StoredImage(id, "image/png", 64, 64, 1000 + i, "ab".repeat(32), "00/" + id + ".png"));
        }
        return images;
    }

    public void execute(String... sql) {
        TestPostgres.execute(url, sql);
    }

    public List<String> query(String sql) {
        return TestPostgres.query(url, sql);
    }

    /** Returns the only value of a query as text; null when it is null. */
    public String queryValue(String sql) {
        // The list of rows cannot contain null.
        List<String> rows = query("SELECT coalesce((" + sql + ")::text, '∅')");
        return rows.get(0).equals("∅") ? null : rows.get(0);
    }

    /** Returns all rows of all tables except the nodes. Two results are equal when nothing has changed. */
    public List<String> readAllRows() {
        List<String> rows = new ArrayList<>();
        for (String table : TABLES) {
            if (!table.equals("nodes")) {
                rows.addAll(query("SELECT '" + table + " ' || t::text FROM " + table + " t ORDER BY 1"));
            }
        }
        return rows;
    }

    /** Returns the problems that the doctor finds in the tables. The images of this fixture have no files. */
    public List<String> findViolations() {
        return DatabaseInvariants.runDoctor(url, settings, new DatabaseDoctor.Options(false, Duration.ofSeconds(30)))
                .problems()
                .stream()
                .filter(problem -> !problem.startsWith("files: "))
                // This fixture writes no notifications.
                .filter(problem -> !problem.startsWith("I3: "))
                .toList();
    }

    private void undeploy() {
        await(Future.join(vertx.deploymentIDs().stream().map(vertx::undeploy).toList()));
    }

    public static <T> T await(Future<T> future) {
        try {
            return future.toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        } catch (TimeoutException e) {
            throw new IllegalStateException("future not completed in time", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void afterEach(ExtensionContext test) {
        clear();
    }

    @Override
    public void afterAll(ExtensionContext testClass) {
        close();
    }

    @Override
    public void close() {
        undeploy();
        await(notifyChannel.close());
        await(database.close());
        await(vertx.close());
    }
}
