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

/** The alarm, given transactions that somebody really leaves open. */
@Tag("database")
class VacuumBlockerVerticleTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String BEGINS = "an old transaction keeps dead rows alive";
    private static final String ENDS = "dead rows can be cleared away again";

    private final Vertx vertx = Vertx.vertx();
    private final DatabaseUrl url = TestPostgres.migratedDatabase();
    private final ListAppender<ILoggingEvent> log = new ListAppender<>();
    private VacuumBlockerVerticle horizon;

    @BeforeEach
    void open() throws Exception {
        Settings settings = SettingsLoader.load(
                        DarkroomInstanceSettings.forTests().database(url).environment(), Path.of("/nowhere/at/all"))
                .settings();
        DatabaseMigrator.migrate(url, settings.database());
        logger().addAppender(log);
        log.start();
        horizon = new VacuumBlockerVerticle(Database.open(vertx, url, settings.database()), Duration.ofMillis(400));
        vertx.deployVerticle(horizon).await(60, TimeUnit.SECONDS);
    }

    @AfterEach
    void close() throws Exception {
        vertx.close().await(60, TimeUnit.SECONDS);
        logger().detachAppender(log);
    }

    private static Logger logger() {
        return (Logger) LoggerFactory.getLogger(VacuumBlockerVerticle.class);
    }

    private List<String> lines() {
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
        await().atMost(PATIENCE)
                .until(() -> horizon.lastObservation().containsKey("observedAt")
                        && horizon.lastObservation().getBoolean("alarm") == alarm);
    }

    @Test
    void aTransactionLeftOpenRaisesItOnceAndItsEndEndsIt() throws SQLException {
        // given
        awaitAlarm(false);
        JsonObject pin;
        try (Connection connection = connect(url)) {
            connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
            connection.createStatement().execute("SELECT 'secret' FROM generations");

            // when
            awaitAlarm(true);

            // then
            pin = horizon.lastObservation().getJsonArray("pins").getJsonObject(0);
            assertThat(pin.getString("kind")).isEqualTo("TRANSACTION");
            assertThat(pin.getString("name")).isEqualTo("report");
            assertThat(pin.getString("state")).isEqualTo("idle in transaction");
            assertThat(pin.getInteger("pid")).isPositive();
            assertThat(pin.getLong("ageMs")).isGreaterThan(400);
            long seenAt = pin.getLong("ageMs");
            await().atMost(PATIENCE)
                    .until(() -> horizon.lastObservation()
                                    .getJsonArray("pins")
                                    .getJsonObject(0)
                                    .getLong("ageMs")
                            > seenAt + 500);
            assertThat(lines()).containsExactly(BEGINS);
        }

        // when
        awaitAlarm(false);

        // then
        assertThat(lines()).containsExactly(BEGINS, ENDS);
        assertThat(log.list.get(0).getKeyValuePairs().toString())
                .contains("pid=\"" + pin.getInteger("pid"), "name=\"report", "state=\"idle in transaction", "ageMs=")
                .doesNotContain("secret");
        assertThat(horizon.lastObservation().getJsonArray("pins")).isEmpty();
    }

    @Test
    void aTransactionThatHasWrittenPinsTooWithoutASnapshot() throws SQLException {
        try (Connection connection = connect(url)) {
            // given
            connection.createStatement().execute("CREATE TABLE words (word text)");

            // then
            awaitAlarm(true);
        }
    }

    @Test
    void sessionsThatOnlyIdleAndOtherDatabasesDoNot() throws SQLException {
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
                    .atMost(PATIENCE)
                    .until(() -> !horizon.lastObservation().getBoolean("alarm"));
            assertThat(lines()).isEmpty();
        }
    }

    /** PostgreSQL hides the age of what other users do. */
    @Test
    void theTransactionOfAnotherUserIsTimedFromWhenItWasFirstSeen() throws Exception {
        // given
        VacuumBlockerStore.VacuumBlocker hidden =
                new VacuumBlockerStore.VacuumBlocker("TRANSACTION", 4711, "", null, null, "4711 99");
        VacuumBlockerStore.Observation observation = new VacuumBlockerStore.Observation(3, List.of(hidden));
        VacuumBlockerVerticle judge = new VacuumBlockerVerticle(null, Duration.ofMillis(200));

        // when
        judge.evaluate(observation);

        // then
        assertThat(judge.lastObservation().getBoolean("alarm")).isFalse();
        await().atMost(PATIENCE).until(() -> {
            judge.evaluate(observation);
            return judge.lastObservation().getBoolean("alarm");
        });
        assertThat(judge.lastObservation().getJsonArray("pins").getJsonObject(0).getLong("ageMs"))
                .isBetween(200L, 20_000L);
        assertThat(judge.lastObservation().getLong("deadQueueRows")).isEqualTo(3);

        // and
        judge.evaluate(new VacuumBlockerStore.Observation(
                3, List.of(new VacuumBlockerStore.VacuumBlocker("TRANSACTION", 4711, "", null, null, "4711 100"))));
        assertThat(judge.lastObservation().getBoolean("alarm"))
                .as("another transaction")
                .isFalse();
    }
}
