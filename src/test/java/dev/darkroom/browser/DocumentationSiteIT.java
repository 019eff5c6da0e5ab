package dev.darkroom.browser;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.DarkroomExtension;
import dev.darkroom.testing.browser.BrowserExtension;
import dev.darkroom.testing.browser.BrowserRequest;
import dev.darkroom.testing.browser.BrowserSession;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.openqa.selenium.Keys;

/** Uses the API reference, the page of events and the guide. */
@Tag("browser")
@Timeout(300)
class DocumentationSiteIT {
    @RegisterExtension
    static final DarkroomExtension service = DarkroomExtension.shared();

    @RegisterExtension
    final BrowserExtension browser = new BrowserExtension();

    private BrowserSession session;

    @BeforeEach
    void start() {
        session = browser.session();
    }

    private void open(String path) {
        session.open(service.darkroom().api().resolve(path));
    }

    @Test
    void referenceSendsRequestWithKey() {
        // given
        open("/docs");
        session.find(".opblock");
        session.click("^Authorize$");
        session.find(".modal-ux input").sendKeys(service.user().key());
        session.find(".modal-ux .auth-btn-wrapper .authorize").click();
        session.find(".modal-ux .btn-done").click();

        // when
        session.findByRole("link", "Get the models$").click();
        session.find(".opblock.is-open .execute").click();

        // then
        BrowserRequest request = session.awaitValue(
                        "response",
                        () -> session.log().requests("GET /api/models"),
                        found -> !found.isEmpty() && found.get(0).status() != 0)
                .get(0);
        assertThat(request.status()).isEqualTo(200);
        assertThat(request.header("Authorization")).isEqualTo(service.user().authorization());
        assertThat(request.url()).doesNotContain(service.user().key());
        session.awaitText("\"models\"|\"items\"");
    }

    @Test
    void eventsPageDescribesMessages() {
        // when
        open("/docs/events");

        // then
        session.awaitText("generation.ended");
        assertThat(session.find("h1").getText()).containsIgnoringCase("events");
    }

    @Test
    void searchLeadsToSection() {
        // given
        open("/docs/guide");
        session.find("h1");

        // when
        session.type("/");
        session.find("dialog[open] input").sendKeys("circuit breaker");
        session.await("results", () -> !session.all("[role=option]").isEmpty());
        String result = session.all("[role=option]").get(0).getAttribute("href");
        session.type(Keys.ENTER);

        // then
        session.awaitValue("URL", session::url, result::equals);
        session.awaitText("(?i)circuit breaker");
    }

    @Test
    void searchSaysThatNothingWasFound() {
        // given
        open("/docs/guide");
        session.find("h1");

        // when
        session.click("^Search");
        session.find("dialog[open] input").sendKeys("xyzzyqwerty");

        // then
        session.awaitText("Nothing found for");
    }
}
