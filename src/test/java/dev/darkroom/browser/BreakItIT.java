package dev.darkroom.browser;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.DarkroomExtension;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.browser.BrowserExtension;
import dev.darkroom.testing.browser.BrowserSession;
import dev.darkroom.testing.browser.LocalDarkroom;
import dev.darkroom.testing.browser.StudioPage;
import io.vertx.core.json.JsonObject;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Breaks the simulated AI server from its panel. */
@Tag("browser")
@Timeout(300)
class BreakItIT {
    @RegisterExtension
    static final LocalDarkroom service = new LocalDarkroom(DarkroomInstanceSettings.forTests()
            .with("DARKROOM_BACKEND_BREAKER_MINIMUM_CALLS", "10")
            .with("DARKROOM_BACKEND_BREAKER_CONNECTION_FAILURES", "3")
            .with("DARKROOM_BACKEND_BREAKER_OPEN_DURATION", "3s")
            .with("DARKROOM_BACKEND_BREAKER_MAX_OPEN_DURATION", "3s"));

    @RegisterExtension
    static final DarkroomExtension withoutSimulator = DarkroomExtension.shared();

    @RegisterExtension
    final BrowserExtension browser = new BrowserExtension();

    private static String counter(BrowserSession session, String name) {
        return (String) session.runScript(
                "return [...document.querySelectorAll('.counter')]"
                        + ".find(counter => counter.querySelector('dt').textContent === arguments[0])"
                        + "?.querySelector('dd').textContent",
                name);
    }

    /** Opens the page and returns the number of generations of earlier tests, which it shows again. */
    private static int open(BrowserSession session) {
        new StudioPage(session, service.url("/")).open("#/break-it");
        long shown = service.client().get("/api/generation?limit=100").json().getJsonArray("items").stream()
                .map(JsonObject.class::cast)
                .filter(generation ->
                        generation.getJsonObject("metadata", new JsonObject()).containsKey("source"))
                .count();
        session.await("earlier generations", () -> String.valueOf(shown).equals(counter(session, "Accepted")));
        return (int) shown;
    }

    @Test
    void breakerOpensDuringOutageAndEveryGenerationCompletes() {
        // given
        BrowserSession session = browser.session();
        int before = open(session);

        // when
        session.click("^Outage");
        session.click("^Send 5 generations$");

        // then
        session.await(
                "open breaker",
                () -> session.find("[aria-current=step]").getText().startsWith("Open"));
        assertThat(counter(session, "Accepted")).isEqualTo(String.valueOf(before + 5));
        assertThat(counter(session, "Waiting")).isEqualTo("5");

        // when
        session.click("^Healthy again$");

        // then
        session.await("all complete", () -> String.valueOf(before + 5).equals(counter(session, "Completed")));
        assertThat(counter(session, "Lost")).isEqualTo("0");
        session.await(
                "closed breaker",
                () -> session.find("[aria-current=step]").getText().startsWith("Closed"));
    }

    @Test
    void everyFaultIsFollowedByCompletion() {
        BrowserSession session = browser.session();
        int sent = open(session);
        for (String fault : new String[] {"Internal errors", "Rate limit", "Lost connection", "Garbage"}) {
            // when
            session.click("^" + fault);
            session.click("^Send 5 generations$");

            // then
            String all = String.valueOf(sent += 5);
            session.await(fault, () -> all.equals(counter(session, "Completed")));
            assertThat(counter(session, "Lost")).isEqualTo("0");
        }
    }

    @Test
    void drainedAiServerGetsNoCalls() {
        BrowserSession session = browser.session();
        service.client().send("POST", "/api/backends/default/drain", Map.of(), null);
        try {
            // when
            open(session);

            // then
            session.awaitText("An admin has drained this AI server");
            assertThat(session.find("[aria-current=step]").getText()).contains("no calls");
        } finally {
            service.client().send("POST", "/api/backends/default/enable", Map.of(), null);
        }
    }

    @Test
    void panelIsMissingWithoutSimulator() {
        // given
        BrowserSession session = browser.session();
        StudioPage studio = new StudioPage(session, withoutSimulator.darkroom().api()).open("#/break-it");

        // when
        studio.signIn(withoutSimulator.user().key());

        // then
        session.findByRole("heading", "^Nothing to break$");
        assertThat(session.allByRole("link", "^Break it$")).isEmpty();
        assertThat(session.log().requests(".* /simulator/.*")).isEmpty();
    }
}
