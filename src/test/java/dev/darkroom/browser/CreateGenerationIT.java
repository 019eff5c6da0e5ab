package dev.darkroom.browser;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.browser.BrowserExtension;
import dev.darkroom.testing.browser.BrowserSession;
import dev.darkroom.testing.browser.LocalDarkroom;
import dev.darkroom.testing.browser.StudioPage;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Creates, watches, reloads, cancels, repeats and deletes generations in the studio. */
@Tag("browser")
@Timeout(300)
class CreateGenerationIT {
    /** Keeps generations pending: these attempts do not count. */
    private static final JsonObject RATE_LIMITED =
            new JsonObject().put("status", 429).put("retryAfter", 1).put("times", -1);

    @RegisterExtension
    static final LocalDarkroom service = new LocalDarkroom(DarkroomInstanceSettings.forTests());

    @RegisterExtension
    final BrowserExtension browser = new BrowserExtension();

    private BrowserSession session;
    private StudioPage studio;

    @BeforeEach
    void openStudio() {
        session = browser.session();
        studio = new StudioPage(session, service.url("/")).open();
    }

    @Test
    void showsDecodedImageOfPrompt() {
        // when
        studio.create("Mountains at sunset");

        // then
        studio.awaitStatus(StudioPage.STAGE, "COMPLETE");
        assertThat(session.awaitDecodedImage(StudioPage.STAGE + " img")).isPositive();
        assertThat(session.find(StudioPage.STAGE).getText()).contains("Mountains at sunset");
        assertThat(session.log().requests("POST /api/generation")).hasSize(1);
    }

    @Test
    void doubleClickCreatesOneGeneration() {
        // given
        studio.create("First");
        session.awaitText("First");
        studio.awaitStatus(StudioPage.STAGE, "COMPLETE");

        // when
        var button = session.findByRole("button", "^Generate").getRect();
        for (String type : List.of("mousePressed", "mouseReleased")) {
            session.command(
                    "Input.dispatchMouseEvent",
                    Map.of("type", type, "x", button.x + 5, "y", button.y + 5, "button", "left", "clickCount", 2));
        }

        // then
        studio.create("Second");
        session.await("second", () -> session.find(StudioPage.STAGE).getText().contains("Second"));
        assertThat(session.log().requests("POST /api/generation")).hasSize(2);
    }

    @Test
    void rejectsEmptyPromptWithoutRequest() {
        // when
        session.click("^Generate");

        // then
        assertThat(session.find("#prompt-error").getText()).isNotBlank();
        session.await(
                "focus in the prompt", () -> "prompt".equals(session.focused().getAttribute("id")));
        assertThat(session.log().requests("POST /api/generation")).isEmpty();
    }

    @Test
    void showsAttemptsAndCountdownUntilCompletion() {
        // given
        service.script(
                new JsonObject().put("status", 500),
                new JsonObject().put("status", 429).put("retryAfter", 2),
                new JsonObject().put("drop", true),
                new JsonObject().put("malformedBody", true));
        studio.observeText(".attempts");

        // when
        studio.create("A lighthouse in a storm");

        // then
        studio.awaitStatus(StudioPage.STAGE, "COMPLETE");
        assertThat(studio.observedText()).containsPattern("Next attempt in\\s+[0-9]");
        assertThat(session.find(".attempts").getText().replace('\n', ' '))
                .contains(
                        "AI server failed SERVER_ERROR 500",
                        "AI server limits the rate RATE_LIMITED 429",
                        "Connection broke CONNECTION_LOST",
                        "Response is unreadable MALFORMED_RESPONSE",
                        "Succeeded");
        assertThat(session.awaitDecodedImage(StudioPage.STAGE + " img")).isPositive();
    }

    @Test
    void showsRunningGenerationAgainAfterReload() {
        // given
        service.script(RATE_LIMITED);
        String id = service.client().create("A valley in the rain");
        session.open(studio.detail(id));
        session.awaitText("AI server limits the rate");

        // when
        session.reload();

        // then
        studio.awaitStatus(StudioPage.DETAIL, "PENDING");
        session.awaitText("AI server limits the rate");
        service.script();
        studio.awaitStatus(StudioPage.DETAIL, "COMPLETE");
        assertThat(session.awaitDecodedImage(StudioPage.DETAIL + " img")).isPositive();
    }

    @Test
    void cancelsAfterConfirmation() {
        // given
        service.script(RATE_LIMITED);
        String id = service.client().create("A boat at low tide");
        session.open(studio.detail(id));

        // when
        session.click("^Cancel$");
        session.click("^Cancel generation$");

        // then
        studio.awaitStatus(StudioPage.DETAIL, "FAILED");
        session.awaitText("Cancelled");
        JsonObject generation = service.client().generation(id);
        assertThat(generation.getJsonObject("error").getString("code")).isEqualTo("CANCELLED");
    }

    @Test
    void repeatsFailedGeneration() {
        // given
        service.script(new JsonObject().put("status", 400));
        String failed = service.client().create("A greenhouse in winter");
        service.client().awaitEnd(failed);
        session.open(studio.detail(failed));
        studio.awaitStatus(StudioPage.DETAIL, "FAILED");

        // when
        session.click("^(Retry|Try again)");

        // then
        studio.awaitStatus(StudioPage.DETAIL, "COMPLETE");
        assertThat(session.url()).doesNotContain(failed);
        assertThat(session.find("a[href$='" + failed + "']").isDisplayed()).isTrue();
    }

    @Test
    void deletesAfterConfirmation() {
        // given
        String id = service.client().create("An empty theatre");
        service.client().awaitEnd(id);
        session.open(studio.detail(id));

        // when
        session.click("^Delete$");
        session.click("^Delete generation$");

        // then
        session.find("#gallery-title");
        assertThat(service.client().get("/api/generation/" + id).status()).isEqualTo(404);
        assertThat(session.all(StudioPage.TILE + "[href$='" + id + "']")).isEmpty();
    }

    @Test
    void deletesGenerationThatWasDeletedElsewhere() {
        // given
        session.log().permitErrors("404");
        String id = service.client().create("A closed cinema");
        service.client().awaitEnd(id);
        session.open(studio.detail(id));
        studio.awaitStatus(StudioPage.DETAIL, "COMPLETE");
        assertThat(service.client().delete(id).status()).isEqualTo(204);

        // when
        session.click("^Delete$");
        session.click("^Delete generation$");

        // then
        session.find("#gallery-title");
        assertThat(session.all(StudioPage.TILE + "[href$='" + id + "']")).isEmpty();
    }

    @Test
    void filtersGalleryByStatus() {
        // given
        service.script(new JsonObject().put("status", 400));
        String failed = service.client().create("A market in the rain");
        service.client().awaitEnd(failed);
        String complete = service.client().create("A library at noon");
        service.client().awaitEnd(complete);
        session.find(StudioPage.TILE + "[href$='" + complete + "']");

        // when
        session.find(".segments label:last-child").click();

        // then
        session.find(StudioPage.TILE + "[href$='" + failed + "']");
        session.await(
                "only failed generations",
                () -> session.all(StudioPage.TILE).stream()
                        .allMatch(tile -> "FAILED".equals(tile.getAttribute("data-status"))));
    }
}
