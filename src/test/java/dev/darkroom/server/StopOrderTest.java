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

/** The table of the architecture page that says in which order a service stops. */
@Tag("database")
@Timeout(240)
class StopOrderTest {
    private static final Path DESIGN = Path.of("docs/notifications-design.md");

    /** Started first where there is one, and so stopped last. The test has a server of its own. */
    private static final String EMBEDDED = "embedded database";

    /** Started after the generation verticles where it is enabled. The test leaves it out: joining takes seconds. */
    private static final String CLUSTER = "cluster";

    @TempDir
    Path directory;

    private static Map<String, String> effects() {
        Map<String, String> effects = new LinkedHashMap<>();
        effects.put(
                "accepting",
                "readiness becomes 503; the node drains: the database gives it no more work; waiting requests are answered");
        effects.put(
                "api",
                "streams and sockets are closed with `bye`, spread over up to " + ApiVerticle.DRAIN_SECONDS
                        + " s; then no new connections, and requests in flight finish, up to 15 s");
        effects.put(
                "worker",
                "attempts under way finish, up to `shutdown.gracePeriod`; the rest is aborted and released, uncounted");
        effects.put("image store check", "the image store is no longer checked");
        effects.put("guard", "the circuit breaker lets nothing through");
        effects.put("sender", "webhook deliveries under way finish, up to `shutdown.gracePeriod`");
        effects.put("webhook", "commands about webhooks are no longer answered");
        effects.put("webhook clearance", "the clean-up of old deliveries ends");
        effects.put(CLUSTER, "the cluster is left, within 5 s");
        effects.put("generation", "commands about generations are no longer answered");
        effects.put("progress", "no more progress of generations is read");
        effects.put("end watch", "no more ends of generations are read");
        effects.put("backlog", "the size of the queue is no longer read");
        effects.put("housekeeping", "retention ends; a batch under way finishes");
        effects.put(
                "erasure",
                "erasures of users are no longer continued; another process or the next start continues them");
        effects.put("horizon", "long transactions are no longer looked for");
        effects.put("sweep", "expired leases are no longer taken back");
        effects.put("node", "the row of the process is deleted: leases left over are free at once");
        effects.put("management", "the port of health checks is closed");
        effects.put("notification", "commands about notifications are no longer answered");
        effects.put("hub", "streams are no longer read for");
        effects.put("partitions", "partitions are no longer made and dropped");
        effects.put("webhook calls", "connections to receivers are closed");
        effects.put("backend", "connections to the AI server are closed");
        effects.put("hints", "the connection for notifications between processes is closed");
        effects.put("database pools", "connections to the database are closed, after 5 s aborted");
        effects.put("vertx", "event loops and worker pools end, and the simulator with them");
        effects.put(EMBEDDED, "the server is stopped, if the service has its own");
        return effects;
    }

    @Test
    @DisplayName("the table names every step in the order in which a service stops")
    void tableShowsTheStopOrder() throws Exception {
        // given
        Settings settings = SettingsLoader.load(
                        DarkroomInstanceSettings.forTests()
                                .database(TestPostgres.newDatabase())
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
    @DisplayName("the design names the time over which streams are closed")
    void designNamesTheDrainTime() throws IOException {
        assertThat(Files.readString(DESIGN))
                .contains("closes, spread over " + ApiVerticle.DRAIN_SECONDS + " s")
                .contains("drain: closes spread over " + ApiVerticle.DRAIN_SECONDS + " s");
    }
}
