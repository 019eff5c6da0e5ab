package dev.darkroom.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.DarkroomInstance;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.DatabaseInvariants;
import dev.darkroom.testing.InProcessDarkroom;
import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.LoadGenerator;
import dev.darkroom.testing.StoppablePostgres;
import dev.darkroom.testing.StoppablePostgres.Mode;
import dev.darkroom.testing.TestPostgres;
import java.nio.file.Path;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Stops and restarts PostgreSQL under load. Requests fail fast meanwhile, no accepted generation is lost, and the service
 * recovers without a restart of its own.
 */
@Tag("chaos")
@Tag("database")
@Timeout(180)
class DatabaseRestartIT {
    private static final int POSTS_PER_SECOND = 40;

    @TempDir
    static Path directory;

    private static StoppablePostgres postgres;
    private static InProcessSimulator inProcessSimulator;
    private static DarkroomInstance darkroomInstance;
    private static ApiClient management;

    private LoadGenerator loadGenerator;

    @BeforeAll
    static void start() {
        postgres = StoppablePostgres.start(directory.resolve("postgres"));
        inProcessSimulator = new InProcessSimulator(Duration.ofMillis(10));
        darkroomInstance = InProcessDarkroom.start(
                directory,
                DarkroomInstanceSettings.forTests().database(postgres.url()).aiServer(inProcessSimulator));
        management = new ApiClient(darkroomInstance.management());
    }

    @AfterAll
    static void stop() {
        darkroomInstance.close();
        inProcessSimulator.close();
        postgres.close();
    }

    @AfterEach
    void assertNoErrorLogged() {
        assertThat(darkroomInstance.log()).noneMatch(line -> line.startsWith("ERROR") || line.contains(" ERROR "));
    }

    @Test
    void survivesFastRestart() {
        interruptDatabase(Mode.FAST, Duration.ZERO);
    }

    @Test
    void survivesCrash() {
        interruptDatabase(Mode.IMMEDIATE, Duration.ZERO);
    }

    @Test
    void survivesOutageOfOneSecond() {
        interruptDatabase(Mode.IMMEDIATE, Duration.ofSeconds(1));
    }

    @Test
    void survivesOutageOfTenSeconds() {
        interruptDatabase(Mode.FAST, Duration.ofSeconds(10));
    }

    @Test
    void survivesOutageOfOneMinute() {
        interruptDatabase(Mode.FAST, Duration.ofMinutes(1));
    }

    @Test
    void survivesTerminatedConnections() {
        // given
        startLoad();

        // when five connections a second are terminated
        int terminated = 0;
        for (int i = 0; i < 25; i++) {
            terminated += terminateRandomConnection();
            ChaosParameters.waitFor(Duration.ofMillis(200));
        }

        // then
        assertThat(terminated).as("terminated connections").isGreaterThan(20);
        assertRecovered();
    }

    private void interruptDatabase(Mode mode, Duration time) {
        // given
        startLoad();

        // when
        postgres.stop(mode);

        // then
        if (!time.isZero()) {
            int before = loadGenerator.rejectedCount();
            awaitReadiness(503);
            assertThat(management.get("/health/live").status()).isEqualTo(200);
            ChaosParameters.waitFor(time);
            assertThat(loadGenerator.rejectedCount()).as("rejected requests").isGreaterThan(before);
        }

        // when
        postgres.restart();

        // then
        assertRecovered();
    }

    private void startLoad() {
        loadGenerator = new LoadGenerator(darkroomInstance.client(), POSTS_PER_SECOND);
        Awaitility.await().until(() -> loadGenerator.acceptedIds().size() > POSTS_PER_SECOND / 2);
    }

    /** Returns the number of terminated connections: 1, or 0 when there is none. */
    private static int terminateRandomConnection() {
        return TestPostgres.query(
                        postgres.url(),
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'darkroom'"
                                + " ORDER BY random() LIMIT 1")
                .size();
    }

    private void assertRecovered() {
        awaitReadiness(200);
        int before = loadGenerator.acceptedIds().size();
        Awaitility.await("accepted again")
                .atMost(Duration.ofSeconds(10))
                .until(() -> loadGenerator.acceptedIds().size() > before + POSTS_PER_SECOND);
        loadGenerator.close();
        loadGenerator.assertResponsesExpected();
        loadGenerator.assertAllAcceptedComplete(postgres.url(), Duration.ofSeconds(60));
        DatabaseInvariants.assertNoViolations(postgres.url(), directory.resolve("data/images"));
    }

    private static void awaitReadiness(int status) {
        Awaitility.await("readiness " + status)
                .atMost(Duration.ofSeconds(20))
                .until(() -> management.get("/health/ready"), apiResponse -> apiResponse.status() == status);
    }
}
