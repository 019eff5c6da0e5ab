package dev.darkroom.benchmark;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.Settings;
import dev.darkroom.config.SettingsLoader;
import dev.darkroom.testing.TestPostgres;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Checks that the statements of the benchmark fit the current tables, so that a change of the tables does not break it. */
@Tag("database")
class BenchmarkTablesTest {
    private final DatabaseUrl url = TestPostgres.migratedDatabase();

    @Test
    void insertsGenerationAndQueueRow() throws Exception {
        TestPostgres.execute(url, DatabaseInsertLoad.TABLES);
        Settings.Database settings = SettingsLoader.load(Map.of("DARKROOM_DATABASE_URL", setting()), Path.of(""))
                .settings()
                .database();

        int inserted;
        try (DatabaseInsertLoad inserts =
                new DatabaseInsertLoad(settings, PromptWorkload.typical().request())) {
            inserted = inserts.run(Runtime.getRuntime().availableProcessors(), Duration.ZERO)
                    .count();
        }

        assertThat(count("benchmark_generations")).isEqualTo(inserted).isPositive();
        assertThat(count("benchmark_queue")).isEqualTo(inserted);
    }

    @Test
    void insertsQueuedGenerations() {
        JobQueueContender darkroom = JobQueueContender.ofDarkroom(List.of(), Map.of());

        TestPostgres.execute(url, darkroom.insertJobsSql().formatted(1, 10));

        assertThat(count("generations")).isEqualTo(10);
        assertThat(TestPostgres.query(url, darkroom.findUnfinishedSql())).hasSize(1);
        assertThat(TestPostgres.query(url, darkroom.finishTimesSql())).isEmpty();
    }

    @Test
    void readsSizesOfEndedGenerations() throws Exception {
        JobQueueContender darkroom = JobQueueContender.ofDarkroom(List.of(), Map.of());
        TestPostgres.execute(url, darkroom.insertJobsSql().formatted(1, 10));

        TableSizes sizes = TableSizes.read(sql -> TestPostgres.query(url, sql));

        assertThat(sizes.generations()).isEqualTo(10);
        assertThat(sizes.rowsPerGeneration()).isEqualTo(1);
        assertThat(sizes.bytesPerGeneration()).isPositive();
        assertThat(sizes.queueBytes()).isPositive();
    }

    @Test
    void emptiesTablesOfGenerations() {
        TestPostgres.execute(url, "TRUNCATE " + ApiBenchmarkDatabase.TABLES);

        assertThat(count("generations")).isZero();
    }

    @Test
    void emptiesTablesOfScaleOut() {
        TestPostgres.execute(url, "TRUNCATE " + ScaleOutBenchmark.TABLES);

        assertThat(count("notifications")).isZero();
    }

    private int count(String table) {
        return Integer.parseInt(
                TestPostgres.query(url, "SELECT count(*) FROM " + table).get(0));
    }

    private String setting() {
        return "postgresql://%s:%s@%s:%d/%s"
                .formatted(url.user(), url.password().value(), url.host(), url.port(), url.database());
    }
}
