package dev.darkroom.maintenance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.Settings;
import dev.darkroom.config.SettingsLoader;
import dev.darkroom.database.Database;
import dev.darkroom.database.DatabaseMigrator;
import dev.darkroom.task.PeriodicTaskVerticle;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** Tests the warning with transactions that stay open. */
@Tag("database")
class VacuumBlockerMonitorTest {
    private static final Duration TIMEOUT = Duration.ofSeconds(60);
    private static final String WARNING = "long transaction blocks vacuum";
    private static final String END_OF_WARNING = "vacuum no longer blocked";

    private final Vertx vertx = Vertx.vertx();
    private final DatabaseUrl url = TestPostgres.migratedDatabase();
    private final ListAppender<ILoggingEvent> log = new ListAppender<>();
    private VacuumBlockerMonitor monitor;

    @BeforeEach
    void open() throws Exception {
        Settings settings = SettingsLoader.load(
                        DarkroomInstanceSettings.forTests().database(url).environment(), Path.of("/nowhere/at/all"))
                .settings();
        DatabaseMigrator.migrate(url, settings.database());
        logger().addAppender(log);
        log.start();
        monitor = new VacuumBlockerMonitor(Database.open(vertx, url, settings.database()), Duration.ofMillis(400));
        vertx.deployVerticle(new PeriodicTaskVerticle(List.of(monitor.task()))).await(60, TimeUnit.SECONDS);
    }

    @AfterEach
    void close() throws Exception {
        vertx.close().await(60, TimeUnit.SECONDS);
        logger().detachAppender(log);
    }

    private static Logger logger() {
        return (Logger) LoggerFactory.getLogger(VacuumBlockerMonitor.class);
    }

    private List<String> messages() {
        return log.list.stream()
                .filter(event -> event.getLevel() == Level.WARN)
                .map(ILoggingEvent::getMessage)
                .toList();
    }

    private Connection connect(DatabaseUrl database) throws SQLException {
        Properties properties = new Properties();
        properties.setProperty("user", database.user());
        properties.setProperty("password", database.password().value());
        properties.setProperty("ApplicationName", "report");
        Connection connection = DriverManager.getConnection(database.jdbcUrl(), properties);
        connection.setAutoCommit(false);
        return connection;
    }

    private void awaitAlarm(boolean alarm) {
        await().atMost(TIMEOUT)
                .until(() -> monitor.lastObservation().containsKey("observedAt")
                        && monitor.lastObservation().getBoolean("longTransactionWarning") == alarm);
    }

    @Test
    void logsTheBeginningAndTheEndOfALongTransactionOnce() throws SQLException {
        // given
        awaitAlarm(false);
        JsonObject blocker;
        try (Connection connection = connect(url)) {
            connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
            connection.createStatement().execute("SELECT 'secret' FROM generations");

            // when
            awaitAlarm(true);

            // then
            blocker = monitor.lastObservation().getJsonArray("vacuumBlockers").getJsonObject(0);
            assertThat(blocker.getString("kind")).isEqualTo("TRANSACTION");
            assertThat(blocker.getString("name")).isEqualTo("report");
            assertThat(blocker.getString("state")).isEqualTo("idle in transaction");
            assertThat(blocker.getInteger("pid")).isPositive();
            assertThat(blocker.getLong("ageMs")).isGreaterThan(400);
            long seenAt = blocker.getLong("ageMs");
            await().atMost(TIMEOUT)
                    .until(() -> monitor.lastObservation()
                                    .getJsonArray("vacuumBlockers")
                                    .getJsonObject(0)
                                    .getLong("ageMs")
                            > seenAt + 500);
            assertThat(messages()).containsExactly(WARNING);
        }

        // when
        awaitAlarm(false);

        // then
        assertThat(messages()).containsExactly(WARNING, END_OF_WARNING);
        assertThat(log.list.get(0).getKeyValuePairs().toString())
                .contains(
                        "pid=\"" + blocker.getInteger("pid"), "name=\"report", "state=\"idle in transaction", "ageMs=")
                .doesNotContain("secret");
        assertThat(monitor.lastObservation().getJsonArray("vacuumBlockers")).isEmpty();
    }

    @Test
    void warnsOfAWritingTransactionWithoutSnapshot() throws SQLException {
        try (Connection connection = connect(url)) {
            // given
            connection.createStatement().execute("CREATE TABLE words (word text)");

            // then
            awaitAlarm(true);
        }
    }

    @Test
    void ignoresIdleSessionsAndOtherDatabases() throws SQLException {
        DatabaseUrl other = TestPostgres.migratedDatabase();
        try (Connection elsewhere = connect(other);
                Connection idle = connect(url)) {
            // given
            elsewhere.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
            elsewhere.createStatement().execute("SELECT 1 FROM pg_class");
            idle.setAutoCommit(true);
            idle.createStatement().execute("SELECT 1");

            // then
            awaitAlarm(false);
            await().during(Duration.ofSeconds(1))
                    .atMost(TIMEOUT)
                    .until(() -> !monitor.lastObservation().getBoolean("longTransactionWarning"));
            assertThat(messages()).isEmpty();
        }
    }

    /** PostgreSQL hides the age of transactions of other database users. */
    @Test
    void measuresATransactionOfAnotherUserFromItsFirstObservation() throws Exception {
        // given
        VacuumBlockerStore.VacuumBlocker hidden =
                new VacuumBlockerStore.VacuumBlocker("TRANSACTION", 4711, "", null, null, "4711 99");
        VacuumBlockerStore.Observation observation = new VacuumBlockerStore.Observation(3, List.of(hidden));
        VacuumBlockerMonitor other = new VacuumBlockerMonitor(null, Duration.ofMillis(200));

        // when
        other.evaluate(observation);

        // then
        assertThat(other.lastObservation().getBoolean("longTransactionWarning")).isFalse();
        await().atMost(TIMEOUT).until(() -> {
            other.evaluate(observation);
            return other.lastObservation().getBoolean("longTransactionWarning");
        });
        assertThat(other.lastObservation()
                        .getJsonArray("vacuumBlockers")
                        .getJsonObject(0)
                        .getLong("ageMs"))
                .isBetween(200L, 20_000L);
        assertThat(other.lastObservation().getLong("deadTuples")).isEqualTo(3);

        // and
        other.evaluate(new VacuumBlockerStore.Observation(
                3, List.of(new VacuumBlockerStore.VacuumBlocker("TRANSACTION", 4711, "", null, null, "4711 100"))));
        assertThat(other.lastObservation().getBoolean("longTransactionWarning"))
                .as("another transaction")
                .isFalse();
    }
}
