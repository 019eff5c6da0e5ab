package dev.darkroom.browser;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.browser.BrowserExtension;
import dev.darkroom.testing.browser.BrowserSession;
import dev.darkroom.testing.browser.LocalDarkroom;
import dev.darkroom.testing.browser.StudioPage;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Writes the screenshots of {@code docs/images} from a running service. Runs with the profile "screenshots" only. Needs the program
 * {@code pngquant}.
 */
@Tag("screenshots")
@Timeout(600)
class DocumentationImagesIT {
    private static final Path IMAGES = Path.of("docs/images");
    private static final int MAX_BYTES = 300_000;
    private static final int WIDTH = 1280;

    /** The oldest first, so that the gallery shows the last one first. */
    private static final List<Work> WORKS = List.of(
            new Work("Desert road at night under the Milky Way", 768, 512, 11),
            new Work("Birch forest in the first snow", 512, 768, 23),
            new Work("A red bridge at night, long exposure", 768, 512, 42),
            new Work("Boats at low tide", 512, 512, 7),
            new Work("A valley before a storm", 1024, 576, 99),
            new Work("A lighthouse in the fog", 512, 768, 3),
            new Work("Mountains at dusk", 768, 512, 58),
            new Work("Snow on a harbour", 512, 512, 12),
            new Work("An island seen from the ferry", 768, 512, 77),
            new Work("Dunes after rain, wide angle", 1024, 576, 31),
            new Work("A glacier at noon", 512, 512, 64),
            new Work("Morning mist over terraced fields", 768, 512, 5));

    @RegisterExtension
    static final LocalDarkroom service = new LocalDarkroom(DarkroomInstanceSettings.defaults()
            .with("DARKROOM_GENERATION_DEFAULT_WIDTH", "768")
            .with("DARKROOM_GENERATION_DEFAULT_HEIGHT", "512"));

    @RegisterExtension
    final BrowserExtension browser = new BrowserExtension();

    private BrowserSession session;
    private StudioPage studio;

    private record Work(String prompt, int width, int height, long seed) {
        JsonObject request() {
            return new JsonObject()
                    .put("prompt", prompt)
                    .put("width", width)
                    .put("height", height)
                    .put("seed", seed);
        }
    }

    @Test
    void writesImages() throws IOException, InterruptedException {
        session = browser.session();
        session.setReducedMotion(true);
        studio = new StudioPage(session, service.url("/"));
        for (Work work : WORKS) {
            complete(work.request());
        }
        writeStudio();
        writeGeneration();
        writePhone();
        writeDocumentation();
        writeOutage();
    }

    private static String complete(JsonObject request) {
        ApiClient client = service.client();
        String id = client.create(request).getString("id");
        client.awaitEnd(id);
        return id;
    }

    /** The studio with a generation that completes after two failed attempts. */
    private void writeStudio() throws IOException, InterruptedException {
        session.setSharpViewport(WIDTH, 860);
        studio.open();
        fail();
        session.find("label.size-preset:nth-of-type(2)").click();
        session.find("#seed").sendKeys("5");
        studio.create("Mountains at sunset, layers of mist");
        session.movePointerAway();
        session.awaitText("AI server limits the rate");
        session.awaitText("Next attempt in");
        write("attempts");
        studio.awaitStatus(StudioPage.STAGE, "COMPLETE");
        session.click("^Notifications");
        session.click("^Mark all as read$");
        studio.awaitUnreadCount(0);
        session.click("^Notifications");
        releaseFocus();
        awaitImages();
        write("studio");
        session.setDarkScheme(true);
        write("studio-dark");
    }

    /** Makes the next two calls fail. */
    private static void fail() {
        service.script(
                new JsonObject().put("status", 500).put("delay", "900ms"),
                new JsonObject().put("status", 429).put("retryAfter", 4).put("delay", "600ms"));
    }

    private void releaseFocus() {
        session.movePointerAway();
        session.runScript("document.activeElement.blur()");
    }

    private void writeGeneration() throws IOException, InterruptedException {
        fail();
        String id = complete(new Work("A storm over the mountains, last light", 768, 512, 17).request());
        session.setSharpViewport(WIDTH, 900);
        session.open(studio.detail(id));
        studio.awaitStatus(StudioPage.DETAIL, "COMPLETE");
        awaitImages();
        write("generation");
        session.setDarkScheme(false);
    }

    private void writePhone() throws IOException, InterruptedException {
        String tab = session.tab();
        session.openTab(service.url("/"));
        session.setPhoneViewport(390, 844);
        studio.open();
        session.find(StudioPage.TILE);
        session.runScript(
                "document.querySelector('#gallery-title').scrollIntoView({block: 'start'}); scrollBy(0, -110)");
        awaitImages();
        write("phone");
        session.closeTab(tab);
    }

    private void writeDocumentation() throws IOException, InterruptedException {
        session.setSharpViewport(WIDTH, 800);
        session.open(service.url("/docs"));
        session.findByRole("link", "Create a generation$").click();
        session.find(".opblock.is-open .try-out__btn");
        releaseFocus();
        write("api-reference");
        session.open(service.url("/docs/guide/retries"));
        session.click("^Search");
        session.find("dialog[open] input").sendKeys("circuit breaker");
        session.find("[role=option]");
        session.movePointerAway();
        write("guide");
    }

    /** The fault panel and the admin view during an outage. */
    private void writeOutage() throws IOException, InterruptedException {
        session.setSharpViewport(WIDTH, 900);
        studio.open("#/break-it");
        session.click("^Send 5 generations$");
        session.awaitText("Completed\\s+5");
        session.click("^Outage");
        session.click("^Send 5 generations$");
        releaseFocus();
        session.await(
                "open breaker",
                () -> session.find("[aria-current=step]").getText().startsWith("Open"));
        awaitImages();
        write("break-it");
        session.setSharpViewport(WIDTH, 800);
        studio.open("#/admin");
        session.find("#backends-title");
        session.awaitText("next check in");
        releaseFocus();
        write("admin");
    }

    private void awaitImages() {
        session.await(
                "images",
                () -> (Boolean)
                        session.runScript(
                                "return [...document.images].filter(image => image.checkVisibility()"
                                        + " && image.getBoundingClientRect().top < innerHeight).every(image => image.complete && image.naturalWidth > 0)"));
    }

    /** Writes a screenshot with at most 256 colors. */
    private void write(String name) throws IOException, InterruptedException {
        Path file = IMAGES.resolve(name + ".png");
        session.saveScreenshot(file);
        Process pngquant = new ProcessBuilder(
                        "pngquant",
                        "--quality=0-100",
                        "--speed=1",
                        "--strip",
                        "--force",
                        "--output",
                        file.toString(),
                        file.toString())
                .inheritIO()
                .start();
        assertThat(pngquant.waitFor()).as("exit code of pngquant").isZero();
        assertThat(Files.size(file)).as("bytes of %s", file).isLessThan(MAX_BYTES);
    }
}
