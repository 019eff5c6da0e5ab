package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.DarkroomExtension;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.ExampleProject;
import dev.darkroom.testing.ExampleProject.RunningExample;
import dev.darkroom.testing.FreePort;
import dev.darkroom.testing.TcpProxy;
import dev.darkroom.testing.browser.AccessibilityCheck;
import dev.darkroom.testing.browser.BrowserRequest;
import dev.darkroom.testing.browser.BrowserSession;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Uses the page of {@code src/examples/frontend} in Chromium. Needs Node, Chromium and its driver. */
@Tag("examples")
@Timeout(300)
class FrontendExampleIT {
    private static final int PORT = FreePort.find();
    private static final String STREAM = "GET /api/generation/.*/events";

    @RegisterExtension
    static final DarkroomExtension service = new DarkroomExtension(DarkroomInstanceSettings.forTests()
            .with("DARKROOM_AUTH", "required")
            .with("DARKROOM_HTTP_CORS_ORIGINS", "http://127.0.0.1:" + PORT));

    private static ExampleProject project;

    @TempDir
    Path directory;

    private DarkroomExtension.User user;
    private TcpProxy proxy;
    private BrowserSession browser;

    @BeforeAll
    static void install() throws Exception {
        project = ExampleProject.install("frontend");
    }

    @BeforeEach
    void start() {
        user = service.newUser();
        proxy = new TcpProxy("127.0.0.1", service.darkroom().api().getPort());
        browser = new BrowserSession(directory);
    }

    @AfterEach
    void stop() {
        browser.close();
        proxy.close();
    }

    @Test
    void showsAttemptsAndImageByAStreamAndSurvivesReload() throws Exception {
        try (RunningExample page = startPage(PORT, Map.of())) {
            // when
            holdGenerations();
            create("A lighthouse at dusk");

            // then
            browser.awaitText("Live: ");
            browser.awaitText("Attempt 1: failed, RATE_LIMITED");
            AccessibilityCheck.assertNoSeriousViolation(browser, "in progress");

            // when
            browser.reload();

            // then
            browser.awaitText("A lighthouse at dusk");
            browser.awaitText("Live: ");

            // when
            service.aiServer().reset();

            // then
            awaitImage();
            AccessibilityCheck.assertNoSeriousViolation(browser, "ready");
            assertThat(browser.log().requests(STREAM)).hasSize(2);
            assertThat(browser.log().unexpectedErrors()).isEmpty();
            assertThat(browser.log().requests())
                    .extracting(BrowserRequest::url)
                    .filteredOn(url -> url.startsWith("http"))
                    .allMatch(url -> url.startsWith("http://127.0.0.1:" + PORT + "/")
                            || url.startsWith(service.darkroom().api().toString()))
                    .noneMatch(url -> url.contains(user.key()));

            // when the page of a generation that has ended is opened, then it opens no stream
            browser.reload();
            awaitImage();
            assertThat(browser.log().requests(STREAM)).hasSize(2);
        }
    }

    @Test
    void pollsWhenTheBrowserRefusesStreams() throws Exception {
        int unlistedPort = FreePort.find();
        try (RunningExample page = startPage(unlistedPort, Map.of())) {
            holdGenerations();
            create("A lighthouse at dusk");
            browser.awaitText("No event stream");
            browser.awaitText("Attempt 1: failed, RATE_LIMITED");
            browser.awaitValue(
                    "refused stream",
                    () -> browser.log().requests(STREAM),
                    requests -> requests.stream().anyMatch(BrowserRequest::isFailed));

            service.aiServer().reset();
            awaitImage();
        }
    }

    @Test
    void pollsWhileTheStreamIsBroken() throws Exception {
        try (RunningExample page = startPage(PORT, Map.of("PUBLIC_API", "http://127.0.0.1:" + proxy.port()))) {
            // given
            holdGenerations();
            create("A lighthouse at dusk");
            browser.awaitText("Live: ");

            // when
            proxy.refuseConnections();

            // then
            browser.awaitText("No event stream");

            // when
            proxy.acceptConnections();

            // then
            browser.awaitText("Live: ");

            // when the generation ends while the stream is broken
            proxy.refuseConnections();
            browser.awaitText("No event stream");
            service.aiServer().reset();

            // then
            browser.awaitText("Ready");
        }
    }

    @Test
    void repeatsARequestWithoutResponseAfterReload() throws Exception {
        try (RunningExample page = startPage(PORT, Map.of("API", "http://127.0.0.1:" + proxy.port()))) {
            // given a request that Darkroom has received, without its response
            proxy.dropResponseTo("POST /api/generation");
            create("A lighthouse at dusk");
            browser.awaitText("Service unavailable.*Next try");
            proxy.refuseConnections();

            // when
            browser.reload();
            browser.awaitText("Service unavailable.*Next try");
            proxy.acceptConnections();

            // then
            browser.awaitText("Ready");
            assertThat(user.client().get("/api/generation").json().getJsonArray("items"))
                    .hasSize(1);
        }
    }

    @Test
    void showsWhatIsWrongWithARequest() throws Exception {
        try (RunningExample page = startPage(PORT, Map.of())) {
            create("");
            browser.awaitText("must not be empty");
            AccessibilityCheck.assertNoSeriousViolation(browser, "rejected");

            browser.open(URI.create("http://127.0.0.1:" + PORT + "/?id=01a209f2-71d0-7a31-8a3c-5b1f6c9d2e10"));
            browser.awaitText("Not found");

            service.aiServer().script(new JsonObject().put("moderation", true));
            create("Something unkind");
            browser.awaitText("Failed: ");
            assertThat(browser.text()).doesNotContain("Not found");
        }
    }

    private RunningExample startPage(int port, Map<String, String> changes) throws Exception {
        Map<String, String> environment = new HashMap<>(
                Map.of("API", service.darkroom().api().toString(), "KEY", user.key(), "PORT", String.valueOf(port)));
        environment.putAll(changes);
        RunningExample page = project.start(environment);
        try {
            page.awaitLine("open http://127.0.0.1:" + port);
            browser.open(URI.create("http://127.0.0.1:" + port + "/"));
            return page;
        } catch (RuntimeException | Error e) {
            page.close();
            throw e;
        }
    }

    /** Makes the AI server reject all submissions, which are repeated, until its script is reset. */
    private static void holdGenerations() {
        service.aiServer().script(new JsonObject().put("status", 429).put("times", -1));
    }

    private void create(String prompt) {
        var field = browser.findByRole("textbox", "What should it show");
        field.clear();
        field.sendKeys(prompt);
        browser.click("Create");
    }

    private void awaitImage() {
        browser.awaitText("Ready");
        browser.await("image", () -> (Boolean) browser.runScript(
                "return [...document.querySelectorAll('#images img')].some(image => image.naturalWidth === 64)"));
    }
}
