package dev.darkroom.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.api.ApiVerticle;
import dev.darkroom.config.Settings;
import dev.darkroom.config.SettingsLoader;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.GeneratedDocumentSection;
import dev.darkroom.testing.TestPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Compares the stop order of a running server with the table in {@code docs/architecture.md}. */
@Tag("database")
@Timeout(240)
class StopOrderTest {
    private static final Path DESIGN = Path.of("docs/notifications-design.md");
    private static final Path DRAIN_FIGURE = Path.of("docs/diagrams/notification-node-dies.svg");

    /** Starts first and stops last when {@code database.url} is empty. This test uses an external database. */
    private static final String EMBEDDED = "embedded database";

    /** Starts after the generation verticles when it is enabled. Disabled in this test because joining takes seconds. */
    private static final String CLUSTER = "cluster";

    @TempDir
    Path directory;

    private static Map<String, String> effects() {
        Map<String, String> effects = new LinkedHashMap<>();
        effects.put(
                "readiness",
                "readiness becomes 503; the node drains: it can claim no more work; waiting requests return at once");
        effects.put(
                "api",
                "streams and sockets are closed with `close`, spread over up to " + ApiVerticle.DRAIN_SECONDS
                        + " s; then the port is closed and requests in flight finish, up to 15 s");
        effects.put(
                "worker",
                "running attempts finish, up to `shutdown.gracePeriod`; the rest is aborted and released, uncounted");
        effects.put("input image client", "connections to URLs of input images are closed");
        effects.put("fleet", "drains are no longer applied; administration commands on the event bus get no reply");
        effects.put("backend executor", "the circuit breaker rejects all calls");
        effects.put(
                "event publisher",
                "the current batch of events is published, within 5 s; only with `kafka.bootstrapServers`");
        effects.put("webhook sender", "running webhook deliveries finish, up to `shutdown.gracePeriod`");
        effects.put("webhook", "webhook commands on the event bus get no reply");
        effects.put(CLUSTER, "the node leaves the cluster, within 5 s");
        effects.put("generation", "generation commands on the event bus get no reply");
        effects.put("upload", "upload commands on the event bus get no reply");
        effects.put("progress subscribers", "progress of generations is no longer read");
        effects.put("completion waiters", "finished generations are no longer read");
        effects.put(
                "periodic tasks",
                "retention ends after the running batch; the queue, the image store and long transactions are no longer"
                        + " checked; another process or the next start continues erasures of users");
        effects.put("user erasure", "erasure commands on the event bus get no reply");
        effects.put("lease reaper", "expired leases are no longer reclaimed");
        effects.put("node", "the row of the node is deleted: its remaining leases are free at once");
        effects.put("management", "the management port is closed");
        effects.put("notification", "notification commands on the event bus get no reply");
        effects.put("notification hub", "notifications for streams are no longer read");
        effects.put("webhook client", "connections to receivers are closed");
        effects.put("image store", "connections to a bucket are closed");
        effects.put("backend", "connections to the AI server are closed");
        effects.put("notify channel", "the `LISTEN` connection is closed");
        effects.put("database pools", "connections to the database are closed, after 5 s aborted");
        effects.put("event loop monitor", "the delay of the event loops is no longer measured");
        effects.put("metrics", "the meters are closed");
        effects.put("tracing", "the remaining spans are exported, for at most 5 s; only with `tracing.endpoint`");
        effects.put("vertx", "event loops and worker pools end, and the simulator with them");
        effects.put(EMBEDDED, "the embedded server stops");
        return effects;
    }

    @Test
    @DisplayName("the table lists every step in stop order")
    void tableListsStepsInStopOrder() throws Exception {
        // given
        Settings settings = SettingsLoader.load(
                        DarkroomInstanceSettings.forTests()
                                .database(TestPostgres.newDatabase())
                                // Nothing listens there, and nothing is sent.
                                .with("DARKROOM_TRACING_ENDPOINT", "http://127.0.0.1:1")
                                .with("DARKROOM_KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")
                                .environment(),
                        directory)
                .settings();
        ProcessLifecycle processLifecycle = new ProcessLifecycle();
        List<String> order = new ArrayList<>();
        try {
            Server.start(settings, processLifecycle);
            order.addAll(processLifecycle.stepNamesInStopOrder());
        } finally {
            assertThat(processLifecycle.stop()).isTrue();
        }
        order.add(EMBEDDED);
        order.add(order.indexOf("generation"), CLUSTER);

        // then
        Map<String, String> effects = effects();
        assertThat(effects.keySet()).containsExactlyInAnyOrderElementsOf(order);
        StringBuilder table = new StringBuilder("| | stopped | effect |\n|---|---|---|\n");
        for (int i = 0; i < order.size(); i++) {
            table.append("| %d | %s | %s |\n".formatted(i + 1, order.get(i), effects.get(order.get(i))));
        }
        new GeneratedDocumentSection(
                        "docs/architecture.md",
                        "stop order",
                        "the steps of a running service",
                        "./mvnw test -Dtest=StopOrderTest")
                .assertContent(table.toString());
    }

    @Test
    @DisplayName("the notification design states the drain time of the API")
    void notificationDesignStatesDrainTime() throws IOException {
        assertThat(Files.readString(DESIGN)).contains("spread over " + ApiVerticle.DRAIN_SECONDS + " s");
        assertThat(Files.readString(DRAIN_FIGURE)).contains("spread over " + ApiVerticle.DRAIN_SECONDS + " s");
    }
}
