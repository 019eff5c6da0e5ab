package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.DarkroomFleet;
import dev.darkroom.testing.DarkroomInstance;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.InProcessFleet;
import dev.darkroom.testing.StatusReadCheck;
import dev.darkroom.testing.TcpProxy;
import dev.darkroom.testing.TestApiKeys;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Status reads on two nodes while workers write, with and without notifications between the nodes. */
@Timeout(600)
class StatusReadsIT {
    private static final int USERS = 6;
    private static final int GENERATIONS = 40;

    @TempDir
    Path directory;

    @AutoClose
    private InProcessFleet fleet;

    @AutoClose
    private TcpProxy notifyProxy;

    @BeforeEach
    void start() {
        fleet = new InProcessFleet(directory);
        notifyProxy = new TcpProxy("127.0.0.1", fleet.database().port());
    }

    private DarkroomInstance startNode(String name, int workerConcurrency) {
        return fleet.start(
                name,
                fleet.settings(workerConcurrency)
                        .smallProcess()
                        .with("DARKROOM_AUTH", "required")
                        .with(
                                "DARKROOM_DATABASE_DIRECT_URL",
                                DarkroomInstanceSettings.urlOf(
                                        DarkroomFleet.throughProxy(notifyProxy, fleet.database()))));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @DisplayName("after the 202 every node finds a generation, and no later read on any node returns an earlier state")
    void readsNeverGoBackwards(boolean notifyLost) throws Exception {
        // given
        DarkroomInstance first = startNode("first", 4);
        DarkroomInstance second = startNode("second", 4);
        fleet.simulator()
                .script(new JsonObject()
                        .put(
                                "random",
                                new JsonObject().put("failurePercent", 20).put("seed", 7))
                        .put("times", -1));
        if (notifyLost) {
            notifyProxy.blackhole();
        }

        // then
        new StatusReadCheck(fleet.database(), List.of(first.api(), second.api()), USERS)
                .run(GENERATIONS, new Random(7), Duration.ofSeconds(300));
        fleet.assertNoViolations();
    }

    @Test
    @DisplayName("a waiting read on another node returns the end although its notification is lost")
    void waitingReadSeesEndWithoutNotify() {
        // given
        DarkroomInstance reader = startNode("reader", 0);
        startNode("worker", 4);
        notifyProxy.blackhole();
        fleet.simulator().script(new JsonObject().put("delay", "500ms"));
        ApiClient client = reader.client().withKey(TestApiKeys.create(fleet.database(), "user"));

        // when
        String id = client.create("A pier");
        JsonObject generation =
                client.get("/api/generation/" + id, Map.of("Prefer", "wait=30")).json();

        // then
        assertThat(generation.getString("status")).isEqualTo("COMPLETE");
    }
}
