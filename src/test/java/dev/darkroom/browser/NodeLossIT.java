package dev.darkroom.browser;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
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

    @Test
    void pageRecoversWhenItsNodeIsKilled() {
        DatabaseUrl database = TestPostgres.migratedDatabase();
        AtomicInteger currentNode = new AtomicInteger();
        try (InProcessSimulator aiServer = new InProcessSimulator(Duration.ofMillis(10));
                DarkroomFleet fleet = new DarkroomFleet(
                        directory,
                        2,
                        DarkroomInstanceSettings.forTests()
                                .smallProcess()
                                .with(DarkroomInstanceSettings.imageDirectory(directory.resolve("images")))
                                .database(database)
                                .aiServer(aiServer));
                ConnectionCuttingProxy balancer = new ConnectionCuttingProxy(
                        () -> fleet.processAt(currentNode.get()).api().getPort(), () -> Integer.MAX_VALUE)) {
            // given a page that shows a running attempt of the first process
            BrowserSession session = browser.session();
            session.log().permitErrors("net::ERR_");
            fleet.allProcesses().forEach(process -> session.log().addOwnOrigin(process.api()));
            StudioPage studio = new StudioPage(session, URI.create("http://127.0.0.1:" + balancer.port())).open();
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
