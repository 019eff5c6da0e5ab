package dev.darkroom.browser;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.browser.BrowserExtension;
import dev.darkroom.testing.browser.BrowserSession;
import dev.darkroom.testing.browser.LocalDarkroom;
import dev.darkroom.testing.browser.StudioPage;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The pages on a phone of 360 pixels. */
@Tag("browser")
@Timeout(300)
class PhoneIT {
    private static final int WIDTH = 360;

    /** Returns controls that are smaller than 44 pixels. Links within text are exempt, as in WCAG. */
    private static final String SMALL_TARGETS = """
            const controls = 'button, select, textarea, input:not([type=radio]):not([type=checkbox]), nav a, a.button, .tile, summary';
            return [...document.querySelectorAll(controls)].filter(e => e.checkVisibility({visibilityProperty: true}) && !e.closest('.visually-hidden'))
                .map(e => [e, e.getBoundingClientRect()])
                .filter(([e, r]) => r.width > 1 && r.right > 0 && r.bottom > 0 && (r.height < 43.5 || r.width < 43.5))
                .map(([e, r]) => `${e.tagName} ${e.className} "${(e.getAttribute('aria-label') || e.textContent).trim().slice(0, 30)}" ${Math.round(r.width)}x${Math.round(r.height)}`);
            """;

    @RegisterExtension
    static final LocalDarkroom service = new LocalDarkroom(DarkroomInstanceSettings.forTests());

    @RegisterExtension
    final BrowserExtension browser = new BrowserExtension();

    private BrowserSession session;

    @BeforeEach
    void usePhone() {
        session = browser.session();
        session.setPhoneViewport(WIDTH, 740);
    }

    static Stream<SitePages.SitePage> pages() {
        return SitePages.ALL.stream();
    }

    private void assertFits(String state) {
        assertThat((Long) session.runScript("return document.scrollingElement.scrollWidth"))
                .as("width of %s", state)
                .isLessThanOrEqualTo(WIDTH);
    }

    @ParameterizedTest
    @MethodSource("pages")
    void pageFitsTheScreen(SitePages.SitePage page) {
        session.open(service.url(page.path()));
        session.find(page.complete());

        assertFits(page.path());
    }

    @ParameterizedTest
    @MethodSource("pages")
    void pageFitsTheScreenWithTextTwiceAsLarge(SitePages.SitePage page) {
        // given
        session.open(service.url(page.path()));
        session.find(page.complete());

        // when
        session.setPreferredFontSize(32);

        // then
        session.awaitValue(
                "font size",
                () -> session.runScript("return getComputedStyle(document.documentElement).fontSize"),
                "32px"::equals);
        assertFits(page.path());
    }

    @Test
    void createsAndShowsAttempts() {
        // given
        service.script(new JsonObject().put("status", 500), new JsonObject().put("malformedBody", true));
        StudioPage studio = new StudioPage(session, service.url("/")).open();

        // when
        studio.create("A prompt with-one-very-long-word-that-does-not-fit-the-width-of-a-phone-and-is-broken");

        // then
        studio.awaitStatus(StudioPage.STAGE, "COMPLETE");
        assertFits("studio");
        session.findByRole("link", "^Open$").click();
        studio.awaitStatus(StudioPage.DETAIL, "COMPLETE");
        session.awaitDecodedImage(StudioPage.DETAIL + " img");
        assertFits("generation");
    }

    @Test
    void targetsAreLargeEnoughForFingers() {
        StudioPage studio = new StudioPage(session, service.url("/")).open();
        studio.create("A lighthouse");
        studio.awaitStatus(StudioPage.STAGE, "COMPLETE");
        assertThat((List<?>) session.runScript(SMALL_TARGETS)).as("studio").isEmpty();

        session.click("^Notifications");
        session.find("[data-testid=notification]");
        assertThat((List<?>) session.runScript(SMALL_TARGETS))
                .as("notifications")
                .isEmpty();
        assertFits("notifications");

        session.open(service.url("/#/break-it"));
        session.find(".breaker-states");
        assertThat((List<?>) session.runScript(SMALL_TARGETS)).as("break it").isEmpty();

        session.open(service.url("/#/admin"));
        session.find("#backends-title");
        assertThat((List<?>) session.runScript(SMALL_TARGETS)).as("admin").isEmpty();
    }
}
