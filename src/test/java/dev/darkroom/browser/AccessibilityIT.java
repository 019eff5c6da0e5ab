package dev.darkroom.browser;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.DarkroomExtension;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.browser.AccessibilityCheck;
import dev.darkroom.testing.browser.BrowserExtension;
import dev.darkroom.testing.browser.BrowserSession;
import dev.darkroom.testing.browser.LocalDarkroom;
import dev.darkroom.testing.browser.StudioPage;
import io.vertx.core.json.JsonObject;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Checks all pages and their states with axe, in both themes. */
@Tag("browser")
@Timeout(300)
class AccessibilityIT {
    @RegisterExtension
    static final LocalDarkroom service = new LocalDarkroom(DarkroomInstanceSettings.forTests()
            .with("DARKROOM_BACKEND_BREAKER_CONNECTION_FAILURES", "3")
            .with("DARKROOM_BACKEND_BREAKER_OPEN_DURATION", "3s")
            .with("DARKROOM_BACKEND_BREAKER_MAX_OPEN_DURATION", "3s"));

    @RegisterExtension
    static final DarkroomExtension protectedService = DarkroomExtension.shared();

    @RegisterExtension
    final BrowserExtension browser = new BrowserExtension();

    private BrowserSession session;

    @BeforeEach
    void stopMotion() {
        session = browser.session();
        // Colors in the middle of a transition are no colors of the page.
        session.setReducedMotion(true);
    }

    static Stream<SitePages.SitePage> pages() {
        return SitePages.ALL.stream();
    }

    private void assertAccessible(String state) {
        for (boolean dark : new boolean[] {false, true}) {
            session.setDarkScheme(dark);
            AccessibilityCheck.assertNoSeriousViolation(session, state + (dark ? ", dark" : ", light"));
        }
    }

    @ParameterizedTest
    @MethodSource("pages")
    void pageIsAccessible(SitePages.SitePage page) {
        session.open(service.url(page.path()));
        session.find(page.complete());

        assertAccessible(page.path());
    }

    @Test
    void studioIsAccessibleInEachState() {
        StudioPage studio = new StudioPage(session, service.url("/")).open();
        session.click("^Generate");
        session.find("#prompt-error");
        assertAccessible("rejected prompt");

        service.script(
                new JsonObject().put("status", 500),
                new JsonObject().put("status", 429).put("retryAfter", 1).put("times", -1));
        studio.create("A lighthouse");
        session.awaitText("AI server limits the rate");
        assertAccessible("failed attempts");

        service.script();
        studio.awaitStatus(StudioPage.STAGE, "COMPLETE");
        assertAccessible("complete");

        session.click("^Notifications");
        session.find("[data-testid=notification]");
        assertAccessible("notifications");
    }

    @Test
    void generationIsAccessibleInEachState() {
        service.script(new JsonObject().put("status", 500));
        String complete = service.client().create("A lighthouse");
        service.client().awaitEnd(complete);
        session.open(new StudioPage(session, service.url("/")).detail(complete));
        session.find(StudioPage.DETAIL + "[data-status=COMPLETE]");
        assertAccessible("complete generation");

        session.click("^Delete$");
        session.find("dialog[open]");
        assertAccessible("dialog");

        service.script(new JsonObject().put("status", 400));
        String failed = service.client().create("A greenhouse");
        service.client().awaitEnd(failed);
        session.open(new StudioPage(session, service.url("/")).detail(failed));
        session.find(StudioPage.DETAIL + "[data-status=FAILED]");
        assertAccessible("failed generation");
    }

    @Test
    void brokenAiServerIsAccessible() {
        new StudioPage(session, service.url("/")).open("#/break-it");
        session.click("^Outage");
        session.click("^Send 5 generations$");
        session.awaitText("failed calls?:");
        assertAccessible("outage");
        session.click("^Healthy again$");
    }

    @Test
    void signInIsAccessible() {
        session.log().permitErrors("/api/user - Failed to load resource: .* 401");
        StudioPage studio = new StudioPage(session, protectedService.darkroom().api()).open();
        assertAccessible("sign-in");
        studio.signIn("dk_wrong");
        session.awaitText("This API key is not valid");
        assertAccessible("rejected key");
    }

    @Test
    void disconnectedPageIsAccessible() {
        session.log().permitErrors("net::ERR_");
        StudioPage studio = new StudioPage(session, service.url("/")).open();
        session.setOffline(true);
        studio.awaitDisconnected();
        assertAccessible("offline");
    }

    @Test
    void themeFollowsTheSystemAndTheSwitch() {
        // given
        String background = "return getComputedStyle(document.body).backgroundColor";
        new StudioPage(session, service.url("/")).open();
        session.setDarkScheme(false);
        String light = (String) session.runScript(background);

        // when
        session.setDarkScheme(true);

        // then
        String dark = (String) session.runScript(background);
        assertThat(dark).isNotEqualTo(light);

        // when the user chooses light
        session.click("^Theme: system");
        session.reload();

        // then
        session.findByRole("button", "^Theme: light");
        assertThat(session.runScript(background)).isEqualTo(light);
    }
}
