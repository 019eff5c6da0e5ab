package dev.darkroom.browser;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.ConnectionCuttingProxy;
import dev.darkroom.testing.DarkroomFleet;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.TestPostgres;
import dev.darkroom.testing.browser.BrowserExtension;
import dev.darkroom.testing.browser.BrowserSession;
import dev.darkroom.testing.browser.StudioPage;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Kills the process that runs a generation while a page shows it. */
@Tag("browser")
@Timeout(300)
class NodeLossIT {
    @RegisterExtension
    final BrowserExtension browser = new BrowserExtension();

    @TempDir
    Path directory;

    private static String url(ConnectionCuttingProxy balancer) {
        return "http://127.0.0.1:" + balancer.port();
    }

    private DarkroomInstanceSettings settings(ConnectionCuttingProxy balancer) {
        return DarkroomInstanceSettings.forTests()
                .smallProcess()
                .with("DARKROOM_PUBLIC_URL", url(balancer))
                .with(DarkroomInstanceSettings.imageDirectory(directory.resolve("images")))
                .database(TestPostgres.migratedDatabase());
    }

    @Test
    void pageRecoversWhenItsNodeIsKilled() {
        AtomicReference<DarkroomFleet> processes = new AtomicReference<>();
        AtomicInteger currentNode = new AtomicInteger();
        try (InProcessSimulator aiServer = new InProcessSimulator(Duration.ofMillis(10));
                ConnectionCuttingProxy balancer = new ConnectionCuttingProxy(
                        () -> processes.get().processAt(currentNode.get()).api().getPort(), () -> Integer.MAX_VALUE);
                DarkroomFleet fleet =
                        new DarkroomFleet(directory, 2, settings(balancer).aiServer(aiServer))) {
            processes.set(fleet);
            // given a page that shows a running attempt of the first process
            BrowserSession session = browser.session();
            session.log().permitErrors("net::ERR_");
            StudioPage studio = new StudioPage(session, URI.create(url(balancer))).open();
            aiServer.script(new JsonObject().put("delay", "5m").put("status", 500));
            studio.create("A boat in a storm");
            studio.awaitStatus(StudioPage.STAGE, "PENDING");
            session.awaitText("Running");

            // when
            currentNode.set(1);
            fleet.kill(0);

            // then the page shows the lost attempt and the image, without an action of the user
            studio.awaitStatus(StudioPage.STAGE, "COMPLETE");
            studio.awaitConnected();
            assertThat(session.find(".attempts").getText()).contains("Darkroom process died", "Succeeded");
            assertThat(session.awaitDecodedImage(StudioPage.STAGE + " img")).isPositive();
            studio.awaitUnreadCount(1);
        }
    }
}
