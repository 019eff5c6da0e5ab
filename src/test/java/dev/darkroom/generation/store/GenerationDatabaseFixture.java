package dev.darkroom.generation.store;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.Settings;
import dev.darkroom.config.SettingsLoader;
import dev.darkroom.database.Database;
import dev.darkroom.database.DatabaseMigrator;
import dev.darkroom.database.NotifyChannel;
import dev.darkroom.generation.BacklogEstimator;
import dev.darkroom.generation.GenerationFinishListener;
import dev.darkroom.generation.GenerationLease;
import dev.darkroom.generation.GenerationRequest;
import dev.darkroom.generation.StoredImage;
import dev.darkroom.generation.command.GenerationCommandDependencies;
import dev.darkroom.generation.watch.CompletionWaiters;
import dev.darkroom.http.egress.EgressPolicy;
import dev.darkroom.maintenance.doctor.DatabaseDoctor;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * The tables of generations in a database of their own, with the means to fill and to look at them. Blocking. As an
 * extension of a test class it is cleared after each test and closed after the last.
 */
public final class GenerationDatabaseFixture implements AfterEachCallback, AfterAllCallback, AutoCloseable {
    public static final String ROUTE = GenerationRequest.DEFAULT_ROUTE;
    public static final String BACKEND = "default";
    public static final Duration ATTEMPT = Duration.ofMinutes(2);

    static final List<String> TABLES = List.of(
            "images",
            "generation_attempt_purges",
            "generation_retries",
            "generation_attempts",
            "generation_queue",
            "generations",
            "nodes");

    /** Where requests may have themselves called back: nowhere. */
    public static final EgressPolicy NO_EGRESS = new EgressPolicy(
            new EgressPolicy.Rules(List.of(), false, List.of()), name -> Future.failedFuture("there are no names"));

    public final Vertx vertx = Vertx.vertx();
    public final DatabaseUrl url = TestPostgres.migratedDatabase();
    public final Settings settings;
    public final Database database;
    public final NotifyChannel notifyChannel;
    public final GenerationLeaseStore leaseStore;
    final SubmissionStore submissionStore;
    public final GenerationStore generationStore;

    public GenerationDatabaseFixture() {
        settings = SettingsLoader.load(
                        DarkroomInstanceSettings.forTests().database(url).environment(), Path.of("/nowhere/at/all"))
                .settings();
        DatabaseMigrator.migrate(url, settings.database());
        database = Database.open(vertx, url, settings.database());
        notifyChannel = NotifyChannel.open(vertx, url, settings.database());
        leaseStore = leaseStoreWith();
        submissionStore = new SubmissionStore(database, ROUTE, settings.generation());
        generationStore = new GenerationStore(database);
    }

    GenerationLeaseStore leaseStoreWith(GenerationFinishListener... listeners) {
        return new GenerationLeaseStore(database, List.of(listeners));
    }

    /** Ends what was deployed and empties every table. */
    void clear() {
        undeploy();
        TestPostgres.execute(url, "TRUNCATE " + String.join(", ", TABLES));
    }

    /** A generation that waits, with 15 min to live. */
    public UUID submit() {
        return submit(Duration.ofMinutes(15));
    }

    public UUID submit(Duration life) {
        return await(submit(new SubmissionStore(database, ROUTE, withLifetime(life)), "local", 0));
    }

    private Settings.Generation withLifetime(Duration life) {
        Settings.Generation usual = settings.generation();
        return new Settings.Generation(
                usual.instances(),
                life,
                usual.defaultWidth(),
                usual.defaultHeight(),
                usual.defaultCount(),
                usual.maxPromptLength(),
                usual.maxSide(),
                usual.maxCount(),
                usual.maxWait(),
                usual.maxPendingPerUser(),
                usual.maxPerDayPerUser(),
                usual.maxQueueSize());
    }

    /** A generation of a user that waits, with 15 min to live. */
    UUID submit(String user, int priority) {
        return await(submit(submissionStore, user, priority));
    }

    /** What generation verticles share, with nobody who keeps it going. */
    public GenerationCommandDependencies commandDependencies() {
        return new GenerationCommandDependencies(
                database,
                submissionStore,
                notifyChannel,
                null,
                new BacklogEstimator(),
                new CompletionWaiters(),
                List.of(),
                NO_EGRESS);
    }

    /** As many at once as there are users named, each of its user. */
    List<UUID> submitAll(List<String> users) {
        // So few at once that none waits for long to be written.
        int atOnce = 500;
        List<UUID> all = new ArrayList<>();
        for (int from = 0; from < users.size(); from += atOnce) {
            List<Future<UUID>> submitted = users.subList(from, Math.min(from + atOnce, users.size())).stream()
                    .map(user -> submit(submissionStore, user, 0))
                    .toList();
            all.addAll(await(Future.all(submitted).map(written -> written.list())));
        }
        return all;
    }

    private static Future<UUID> submit(SubmissionStore to, String user, int priority) {
        UUID id = UUID.randomUUID();
        GenerationRequest request = new GenerationRequest("a lighthouse", null, 64, 64, 1, 7, null, null, priority);
        return to.submit(new SubmissionStore.Submission(id, user, request, null, null, null))
                .map(stored -> id);
    }

    /** A process that lives on for an hour. */
    public UUID insertNode() {
        UUID id = UUID.randomUUID();
        execute("INSERT INTO nodes (id, host, version, expires_at) VALUES ('" + id
                + "', 'test', 'test', now() + interval '1 hour')");
        return id;
    }

    /** Lets a process be taken for dead. */
    public void expireNode(UUID node) {
        execute("UPDATE nodes SET expires_at = now() - interval '1 ms' WHERE id = '" + node + "'");
    }

    public List<GenerationLease> claim(UUID node, int limit) {
        return await(leaseStore.claim(node, ROUTE, limit, BACKEND, ATTEMPT));
    }

    /** Submits one generation and claims it for a new process. Nothing else may be waiting. */
    public GenerationLease submitAndClaim() {
        UUID id = submit();
        GenerationLease generationLease = claim(insertNode(), 1).get(0);
        if (!generationLease.generationId().equals(id)) {
            throw new IllegalStateException("something else was waiting");
        }
        return generationLease;
    }

    /** Whole pictures, as many as asked for. */
    public static List<StoredImage> storedImages(int count) {
        List<StoredImage> pictures = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            UUID id = UUID.randomUUID();
            pictures.add(new StoredImage(id, "image/png", 64, 64, 1000 + i, "ab".repeat(32), "00/" + id + ".png"));
        }
        return pictures;
    }

    public void execute(String... sql) {
        TestPostgres.execute(url, sql);
    }

    public List<String> query(String sql) {
        return TestPostgres.query(url, sql);
    }

    /** The only value of a query, as text; null when it is null. */
    public String queryValue(String sql) {
        // A stream of rows carries no nulls.
        List<String> rows = query("SELECT coalesce((" + sql + ")::text, '∅')");
        return rows.get(0).equals("∅") ? null : rows.get(0);
    }

    /** Every row of every table, but for the processes: two snapshots are equal when nothing has changed. */
    public List<String> readAllRows() {
        List<String> rows = new ArrayList<>();
        for (String table : TABLES) {
            if (!table.equals("nodes")) {
                rows.addAll(query("SELECT '" + table + " ' || t::text FROM " + table + " t ORDER BY 1"));
            }
        }
        return rows;
    }

    /** What the doctor finds wrong in the tables. The pictures of this fixture have no files. */
    public List<String> findViolations() {
        return DatabaseDoctor.examine(url, settings, new DatabaseDoctor.Options(false, Duration.ofSeconds(30)))
                .problems()
                .stream()
                .filter(wrong -> !wrong.startsWith("files: "))
                // Nobody is told here: what tells users is not wired in.
                .filter(wrong -> !wrong.startsWith("I3: "))
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
            throw new IllegalStateException("not answered in time", e);
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
