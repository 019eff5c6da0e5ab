package dev.darkroom.browser;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.DarkroomExtension;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.browser.AccessibilityCheck;
import dev.darkroom.testing.browser.BrowserExtension;
import dev.darkroom.testing.browser.BrowserSession;
import dev.darkroom.testing.browser.LocalDarkroom;
import dev.darkroom.testing.browser.StudioPage;
import java.net.URI;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.openqa.selenium.Keys;

/** Uses the API reference and the guide. */
@Tag("browser")
@Timeout(300)
class DocumentationIT {
    private static final String CREATE = "/docs#/Generations/createGeneration";
    private static final String STATUS = ".live-responses-table tbody .response-col_status";

    @RegisterExtension
    static final LocalDarkroom service = new LocalDarkroom(DarkroomInstanceSettings.forTests());

    @RegisterExtension
    static final DarkroomExtension protectedService = DarkroomExtension.shared();

    @RegisterExtension
    final BrowserExtension browser = new BrowserExtension();

    private void executeAndAwait(BrowserSession session, String status) {
        session.find(".execute").click();
        session.await(
                "response",
                () -> session.all(STATUS).stream()
                        .anyMatch(cell -> cell.getText().startsWith(status)));
    }

    @Test
    void referenceOpensLinkedOperationAndSendsItWithoutKey() {
        // when
        BrowserSession session = browser.session();
        session.open(service.url(CREATE));
        executeAndAwait(session, "202");

        // then
        assertThat(session.text()).contains("\"status\": \"PENDING\"");
        AccessibilityCheck.assertNoSeriousViolation(session, "operation with response");

        // when another operation is chosen in the list
        session.click("List webhooks");

        // then
        assertThat(session.url()).endsWith("#/Webhooks/listWebhooks");
        session.find("#operations-Webhooks-listWebhooks .execute");
    }

    @Test
    void referenceSendsTheKeyOfTheUser() {
        // given
        BrowserSession session = browser.session();
        session.log().permitErrors("/api/generation - Failed to load resource: .* 401");
        session.open(URI.create(protectedService.darkroom().api() + CREATE));
        executeAndAwait(session, "401");

        // when
        session.runScript("scrollTo(0, 0)");
        session.find(".scheme-container .authorize").click();
        session.find(".auth-container input[type=password]")
                .sendKeys(protectedService.user().key());
        session.find(".auth-btn-wrapper .authorize").click();
        session.find(".btn-done").click();
        executeAndAwait(session, "202");

        // then
        assertThat(session.runScript("return JSON.stringify({...localStorage, ...sessionStorage})"))
                .isEqualTo("{}");
        assertThat(session.log().requests())
                .noneMatch(request ->
                        request.url().contains(protectedService.user().key()));
    }

    @Test
    void referenceUsesTheSessionOfTheStudio() {
        BrowserSession session = browser.session();
        session.log().permitErrors("/api/user - Failed to load resource: .* 401");
        URI api = URI.create(protectedService.darkroom().api().toString());
        new StudioPage(session, api).open().signIn(protectedService.user().key());
        session.find("#gallery-title");

        session.open(URI.create(api + CREATE));

        executeAndAwait(session, "202");
    }

    @Test
    void searchFindsASectionByKeyboard() {
        // given
        BrowserSession session = browser.session();
        session.open(service.url("/docs/guide"));
        session.find(".task");

        // when
        session.type("/");
        session.find("dialog[open] input").sendKeys("circuit breaker");
        session.awaitText("The circuit breaker");
        AccessibilityCheck.assertNoSeriousViolation(session, "search results");
        session.type(Keys.ENTER);

        // then
        session.await("page", () -> session.url().endsWith("/docs/guide/retries#the-circuit-breaker"));
    }

    @Test
    void searchSaysThatNothingWasFound() {
        // given
        BrowserSession session = browser.session();
        session.open(service.url("/docs/guide"));

        // when
        session.click("^Search");
        session.find("dialog[open] input").sendKeys("xyzzyqwerty");

        // then
        session.awaitText("Nothing found for");
    }

    @Test
    void eventsPageDescribesMessages() {
        BrowserSession session = browser.session();
        session.open(service.url("/docs/events"));

        session.awaitText("generation.ended");
    }

    @Test
    void guideIsUsableOnAPhone() {
        // given
        BrowserSession session = browser.session();
        session.setPhoneViewport(360, 740);
        session.open(service.url("/docs/guide/backends"));
        assertThat(session.runScript("return document.documentElement.scrollWidth"))
                .isEqualTo(360L);

        // when
        session.click("^Pages$");
        session.find("#site-pages:popover-open a[href$='docs/guide/webhooks']").click();

        // then
        session.await("page", () -> session.url().endsWith("/docs/guide/webhooks"));
    }
}
