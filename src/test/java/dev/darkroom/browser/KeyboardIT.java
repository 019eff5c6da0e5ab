package dev.darkroom.browser;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.browser.BrowserExtension;
import dev.darkroom.testing.browser.BrowserSession;
import dev.darkroom.testing.browser.LocalDarkroom;
import dev.darkroom.testing.browser.StudioPage;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.openqa.selenium.Keys;

/** Uses the studio without a mouse. */
@Tag("browser")
@Timeout(300)
class KeyboardIT {
    /** Maximum number of tab stops of a page in these tests. */
    private static final int MAX_STOPS = 80;

    /** Describes the element with the focus: {@code name|visible}. */
    private static final String FOCUS = """
            const element = document.activeElement;
            const style = getComputedStyle(element);
            const label = element.labels?.[0] && getComputedStyle(element.labels[0]);
            const outlined = s => s && s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0;
            const name = element.getAttribute('aria-label') || element.labels?.[0]?.textContent.trim()
                || element.textContent.trim() || element.tagName;
            return name + '|' + (outlined(style) || outlined(label) || style.boxShadow !== 'none');
            """;

    @RegisterExtension
    static final LocalDarkroom service = new LocalDarkroom(DarkroomInstanceSettings.forTests());

    @RegisterExtension
    final BrowserExtension browser = new BrowserExtension();

    /** Presses Tab until an element with a matching name has the focus, and returns the names of all focused elements. */
    private static List<String> tabTo(BrowserSession session, String name) {
        List<String> names = new ArrayList<>();
        for (int stop = 0; stop < MAX_STOPS; stop++) {
            session.type(Keys.TAB);
            if (session.focused().getTagName().equals("body")) {
                // The focus is in the window of the browser, after the last tab stop.
                continue;
            }
            String[] focus = ((String) session.runScript(FOCUS)).split("\\|");
            assertThat(focus[1]).as("the focus on %s is visible", focus[0]).isEqualTo("true");
            names.add(focus[0]);
            if (focus[0].matches(name)) {
                return names;
            }
        }
        throw new AssertionError("no tab stop " + name + " among " + names);
    }

    /** Makes the next Tab reach the first tab stop of the page. */
    private static void startAtTop(BrowserSession session) {
        session.runScript(
                "const body = document.body; body.tabIndex = -1; body.focus(); body.removeAttribute('tabindex')");
    }

    private static void awaitFocusOn(BrowserSession session, String tag) {
        session.await(
                "focus on " + tag, () -> tag.equalsIgnoreCase(session.focused().getTagName()));
    }

    @Test
    void createsOpensAndDeletesWithKeysOnly() {
        // given
        BrowserSession session = browser.session();
        StudioPage studio = new StudioPage(session, service.url("/")).open();
        awaitFocusOn(session, "textarea");

        // when
        session.type("A lighthouse in the fog");
        session.typeWith(Keys.CONTROL, Keys.ENTER);

        // then
        studio.awaitStatus(StudioPage.STAGE, "COMPLETE");

        // when its page is opened
        tabTo(session, "Open");
        session.type(Keys.ENTER);

        // then the heading has the focus
        studio.awaitStatus(StudioPage.DETAIL, "COMPLETE");
        awaitFocusOn(session, "h1");
        String id = (String) session.runScript("return location.hash.split('/').pop()");

        // when the dialog is opened
        tabTo(session, "Delete");
        session.type(Keys.ENTER);
        session.findByRole("dialog", "Delete this generation");

        // then it holds the focus
        for (int stop = 0; stop < 6; stop++) {
            session.type(Keys.TAB);
            assertThat(
                            session.runScript(
                                    "return document.activeElement === document.body || !!document.activeElement.closest('dialog')"))
                    .isEqualTo(true);
        }

        // when it is closed
        session.type(Keys.ESCAPE);

        // then the button has the focus again
        session.await("closed dialog", () -> session.all("dialog[open]").isEmpty());
        session.await("focus on the button", () -> session.focused().getText().contains("Delete"));

        // when
        session.type(Keys.ENTER);
        session.findByRole("dialog", "Delete this generation");
        tabTo(session, "Delete generation");
        session.type(Keys.ENTER);

        // then
        session.find("#gallery-title");
        session.await(
                "no tile of the generation",
                () -> session.all(StudioPage.TILE + "[href$='" + id + "']").isEmpty());
    }

    @Test
    void tabOrderFollowsThePage() {
        // given
        BrowserSession session = browser.session();
        new StudioPage(session, service.url("/")).open();
        startAtTop(session);

        // when
        List<String> names = tabTo(session, "Generate.*");

        // then
        assertThat(names)
                .containsSubsequence(
                        "Skip to content", "Darkroom", "Studio", "Break it", "Guide", "API", "Notifications");
        assertThat(names.indexOf("Prompt")).isGreaterThan(names.indexOf("Notifications"));
    }

    @Test
    void skipLinkLeadsToContent() {
        // given
        BrowserSession session = browser.session();
        new StudioPage(session, service.url("/")).open("#/admin");
        session.findByRole("heading", "^Administration$");
        startAtTop(session);

        // when
        tabTo(session, "Skip to content");
        session.type(Keys.ENTER);

        // then
        assertThat(session.focused().getAttribute("id")).isEqualTo("main");
    }

    @Test
    void escapeClosesNotificationsAndReturnsFocus() {
        // given
        BrowserSession session = browser.session();
        new StudioPage(session, service.url("/")).open();
        startAtTop(session);
        tabTo(session, "Notifications.*");

        // when
        session.type(Keys.ENTER);
        session.find("[data-testid=notification-panel]");
        session.type(Keys.ESCAPE);

        // then
        session.await(
                "closed panel",
                () -> session.all("[data-testid=notification-panel]").isEmpty());
        assertThat(session.focused().getAttribute("data-testid")).isEqualTo("notification-bell");
    }

    @Test
    void breaksAiServerWithKeysOnly() {
        // given
        BrowserSession session = browser.session();
        new StudioPage(session, service.url("/")).open("#/break-it");

        // when
        tabTo(session, "(?s)Internal errors.*");
        session.type(Keys.SPACE);
        session.awaitText("for the next 3 calls");
        tabTo(session, "Send 5 generations");
        session.type(Keys.ENTER);

        // then
        session.await(
                "all complete",
                () -> session.runScript(
                                "return [...document.querySelectorAll('.counter')]"
                                        + ".find(counter => counter.innerText.includes('Completed')).querySelector('dd').textContent")
                        .equals("5"));
    }

    /** Sends an Enter as the keyboard does: pressed, or repeated because it is held down. */
    private static void pressEnter(BrowserSession session, boolean control, boolean repeated) {
        session.command(
                "Input.dispatchKeyEvent",
                Map.of(
                        "type",
                        control ? "rawKeyDown" : "keyDown",
                        "key",
                        "Enter",
                        "code",
                        "Enter",
                        "text",
                        control ? "" : "\r",
                        "windowsVirtualKeyCode",
                        13,
                        "modifiers",
                        control ? 2 : 0,
                        "autoRepeat",
                        repeated));
    }

    private static void awaitCreated(BrowserSession session, String prompt) {
        session.await(
                "stage of " + prompt,
                () -> session.find(".stage-prompt").getText().equals(prompt)
                        && session.all(".create-send [aria-disabled]").isEmpty());
    }

    @ParameterizedTest
    @CsvSource({"#prompt, true", "#seed, false", ".create-send button, false"})
    void enterThatIsHeldDownCreatesOneGeneration(String element, boolean control) {
        // given
        BrowserSession session = browser.session();
        new StudioPage(session, service.url("/")).open();
        session.find("#prompt").sendKeys("First");
        session.runScript("document.querySelector(arguments[0]).focus()", element);

        // when
        pressEnter(session, control, false);
        awaitCreated(session, "First");
        pressEnter(session, control, true);

        // then
        session.find("#prompt").sendKeys(Keys.chord(Keys.CONTROL, "a"), "Second", Keys.chord(Keys.CONTROL, Keys.ENTER));
        awaitCreated(session, "Second");
        assertThat(session.log().requests("POST /api/generation")).hasSize(2);
    }
}
