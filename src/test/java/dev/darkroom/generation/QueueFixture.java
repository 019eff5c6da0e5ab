package dev.darkroom.generation;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.Settings;
import dev.darkroom.config.SettingsLoader;
import dev.darkroom.database.Database;
import dev.darkroom.database.Hints;
import dev.darkroom.database.Migrations;
import dev.darkroom.doctor.Doctor;
import dev.darkroom.egress.Egress;
import dev.darkroom.testing.DarkroomSettings;
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
final class QueueFixture implements AfterEachCallback, AfterAllCallback, AutoCloseable {
    static final String ROUTE = GenerationVerticle.DEFAULT_ROUTE;
    static final String BACKEND = "default";
    static final Duration ATTEMPT = Duration.ofMinutes(2);

    static final List<String> TABLES = List.of(
            "images",
            "deleted_attempts",
            "generation_retries",
            "generation_attempts",
            "generation_queue",
            "generations",
            "nodes");

    /** Where requests may have themselves called back: nowhere. */
    static final Egress NOWHERE = new Egress(
            new Egress.Rules(List.of(), false, List.of()), name -> Future.failedFuture("there are no names"));

    final Vertx vertx = Vertx.vertx();
    final DatabaseUrl url = TestPostgres.migratedDatabase();
    final Settings settings;
    final Database database;
    final Hints hints;
    final LeaseStore leases;
    final SubmissionStore submissions;
    final GenerationStore store;

    QueueFixture() {
        settings = SettingsLoader.load(DarkroomSettings.quick().database(url).environment(), Path.of("/nowhere/at/all"))
                .settings();
        Migrations.migrate(url, settings.database());
        database = Database.open(vertx, url, settings.database());
        hints = Hints.open(vertx, url, settings.database());
        leases = leasesWith();
        submissions = new SubmissionStore(database, ROUTE, settings.generation());
        store = new GenerationStore(database);
    }

    LeaseStore leasesWith(GenerationEndListener... listeners) {
        return new LeaseStore(database, List.of(listeners));
    }

    /** Ends what was deployed and empties every table. */
    void clear() {
        undeploy();
        TestPostgres.execute(url, "TRUNCATE " + String.join(", ", TABLES));
    }

    /** A generation that waits, with 15 min to live. */
    UUID submit() {
        return submit(Duration.ofMinutes(15));
    }

    UUID submit(Duration life) {
        return await(submit(new SubmissionStore(database, ROUTE, living(life)), "local", 0));
    }

    private Settings.Generation living(Duration life) {
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
                usual.maxWaiting());
    }

    /** A generation of a user that waits, with 15 min to live. */
    UUID submit(String user, int priority) {
        return await(submit(submissions, user, priority));
    }

    /** What generation verticles share, with nobody who keeps it going. */
    GenerationVerticle.Shared shared() {
        return new GenerationVerticle.Shared(
                database, submissions, hints, null, new Backlog(), new EndWatch(), List.of(), NOWHERE);
    }

    /** As many at once as there are users named, each of its user. */
    List<UUID> submitAll(List<String> users) {
        // So few at once that none waits for long to be written.
        int atOnce = 500;
        List<UUID> all = new ArrayList<>();
        for (int from = 0; from < users.size(); from += atOnce) {
            List<Future<UUID>> submitted = users.subList(from, Math.min(from + atOnce, users.size())).stream()
                    .map(user -> submit(submissions, user, 0))
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
    UUID node() {
        UUID id = UUID.randomUUID();
        execute("INSERT INTO nodes (id, host, version, expires_at) VALUES ('" + id
                + "', 'test', 'test', now() + interval '1 hour')");
        return id;
    }

    /** Lets a process be taken for dead. */
    void expire(UUID node) {
        execute("UPDATE nodes SET expires_at = now() - interval '1 ms' WHERE id = '" + node + "'");
    }

    List<Lease> claim(UUID node, int limit) {
        return await(leases.claim(node, ROUTE, limit, BACKEND, ATTEMPT));
    }

    /** Submits one generation and claims it for a new process. Nothing else may be waiting. */
    Lease claimed() {
        UUID id = submit();
        Lease lease = claim(node(), 1).get(0);
        if (!lease.generationId().equals(id)) {
            throw new IllegalStateException("something else was waiting");
        }
        return lease;
    }

    /** Whole pictures, as many as asked for. */
    static List<KeptPicture> pictures(int count) {
        List<KeptPicture> pictures = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            UUID id = UUID.randomUUID();
            pictures.add(new KeptPicture(id, "image/png", 64, 64, 1000 + i, "ab".repeat(32), "00/" + id + ".png"));
        }
        return pictures;
    }

    void execute(String... sql) {
        TestPostgres.execute(url, sql);
    }

    List<String> query(String sql) {
        return TestPostgres.query(url, sql);
    }

    /** The only value of a query, as text; null when it is null. */
    String value(String sql) {
        // A stream of rows carries no nulls.
        List<String> rows = query("SELECT coalesce((" + sql + ")::text, '∅')");
        return rows.get(0).equals("∅") ? null : rows.get(0);
    }

    /** Every row of every table, but for the processes: two snapshots are equal when nothing has changed. */
    List<String> snapshot() {
        List<String> rows = new ArrayList<>();
        for (String table : TABLES) {
            if (!table.equals("nodes")) {
                rows.addAll(query("SELECT '" + table + " ' || t::text FROM " + table + " t ORDER BY 1"));
            }
        }
        return rows;
    }

    /** What the doctor finds wrong in the tables. The pictures of this fixture have no files. */
    List<String> brokenInvariants() {
        return Doctor.examine(url, settings, new Doctor.Thoroughness(false, Duration.ofSeconds(30))).wrong().stream()
                .filter(wrong -> !wrong.startsWith("files: "))
                // Nobody is told here: what tells users is not wired in.
                .filter(wrong -> !wrong.startsWith("I3: "))
                .toList();
    }

    private void undeploy() {
        await(Future.join(vertx.deploymentIDs().stream().map(vertx::undeploy).toList()));
    }

    static <T> T await(Future<T> future) {
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
        await(hints.close());
        await(database.close());
        await(vertx.close());
    }
}
