package dev.darkroom.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.Settings;
import dev.darkroom.config.SettingsLoader;
import dev.darkroom.image.store.ImageStoreOwner;
import dev.darkroom.maintenance.doctor.DatabaseDoctor;
import dev.darkroom.maintenance.doctor.DoctorReport;
import dev.darkroom.server.ImageStoreFactory;
import dev.darkroom.usage.UsageSql;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** Runs the doctor after a fault, with the deep check of image files. */
public final class DatabaseInvariants {
    private static final DatabaseDoctor.Options DEEP = new DatabaseDoctor.Options(true, Duration.ofSeconds(30));

    private DatabaseInvariants() {}

    /** Fails unless the tables are consistent and every image file exists in the directory with the stored hash. */
    public static void assertNoViolations(DatabaseUrl database, Path imageDir) {
        assertNoViolations(database, DarkroomInstanceSettings.imageDirectory(imageDir));
    }

    /**
     * Fails unless the tables are consistent and every image is in the image store with the stored hash.
     *
     * @param imageStore settings of the image store
     */
    public static void assertNoViolations(DatabaseUrl database, Map<String, String> imageStore) {
        assertThat(runDoctor(database, imageStore).problems()).isEmpty();
        assertUsageEqualsAttempts(database);
        assertBudgetsEqualAttempts(database);
    }

    /** Fails unless each budget has spent the costs of the attempts of its owner and period. For processes that have the same budgets. */
    private static void assertBudgetsEqualAttempts(DatabaseUrl database) {
        assertThat(TestPostgres.query(
                        database,
                        "SELECT concat_ws(' ', b.scope, b.owner, b.period, b.spent_micros, coalesce(sum(c.cost), 0)) FROM budgets b"
                                + " LEFT JOIN (SELECT user_id, backend, (started_at AT TIME ZONE 'UTC')::date AS day, cost_micros AS cost"
                                + " FROM generation_attempts JOIN generations ON id = generation_id"
                                + " UNION ALL SELECT user_id, backend, day, cost_micros FROM usage_days) c"
                                + " ON b.owner = CASE b.scope WHEN 'USER' THEN c.user_id ELSE c.backend END"
                                + " AND b.starts_on = CASE b.period WHEN 'DAY' THEN c.day ELSE date_trunc('month', c.day)::date END"
                                + " GROUP BY b.id HAVING b.spent_micros <> coalesce(sum(c.cost), 0)"))
                .as("budgets: owner, spent, costs of attempts")
                .isEmpty();
    }

    /** Fails unless the usage of all users has the sums of all attempts, those that exist and those that were deleted. */
    private static void assertUsageEqualsAttempts(DatabaseUrl database) {
        String usage = UsageSql.READ_ALL
                .replace("$1", "NULL")
                .replace("$2", "'2000-01-01'")
                .replace("$3", "'2100-01-01'")
                .replace("$4", "100000")
                .replace("$5", "1000000");
        String sums = "SELECT concat_ws(' ', coalesce(sum(attempts), 0), coalesce(sum(submissions), 0),"
                + " coalesce(sum(images), 0), coalesce(sum(cost_micros), 0)) FROM ";
        List<String> attempts = TestPostgres.query(
                database,
                sums + "(SELECT attempts, submissions, images, cost_micros FROM usage_days UNION ALL"
                        + " SELECT 1, submitted::int, CASE WHEN outcome = 'SUCCEEDED' THEN image_count ELSE 0 END, cost_micros"
                        + " FROM generation_attempts JOIN generations ON id = generation_id) a");
        assertThat(TestPostgres.query(database, sums + "(" + usage + ") u"))
                .as("usage: attempts, submissions, images, costs")
                .isEqualTo(attempts);
    }

    /** Returns the doctor's report with the default settings. */
    public static DoctorReport runDoctor(DatabaseUrl database, Path imageDir) {
        return runDoctor(database, DarkroomInstanceSettings.imageDirectory(imageDir));
    }

    /**
     * Returns the doctor's report.
     *
     * @param imageStore settings of the image store; all others are the defaults
     */
    public static DoctorReport runDoctor(DatabaseUrl database, Map<String, String> imageStore) {
        return runDoctor(
                database,
                SettingsLoader.load(imageStore, Path.of("/nowhere/at/all")).settings(),
                DEEP);
    }

    /** Returns the doctor's report. */
    public static DoctorReport runDoctor(DatabaseUrl database, Settings settings, DatabaseDoctor.Options options) {
        Vertx vertx = Vertx.vertx();
        try {
            return DatabaseDoctor.examine(
                    database,
                    settings,
                    options,
                    id -> ImageStoreFactory.forReading(vertx, settings, ImageStoreOwner.withoutImages(id)));
        } finally {
            vertx.close().toCompletionStage().toCompletableFuture().join();
        }
    }
}
