package dev.darkroom.browser;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.DarkroomExtension;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.browser.BrowserExtension;
import dev.darkroom.testing.browser.BrowserSession;
import dev.darkroom.testing.browser.StudioPage;
import io.vertx.core.json.JsonObject;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The admin view with the keys of an admin and of a user. */
@Tag("browser")
@Timeout(300)
class AdminViewIT {
    @RegisterExtension
    static final DarkroomExtension service = new DarkroomExtension(DarkroomInstanceSettings.forTests()
            .with("DARKROOM_AUTH", "required")
            .with("DARKROOM_BACKEND_BREAKER_MINIMUM_CALLS", "2")
            .with("DARKROOM_BACKEND_BREAKER_OPEN_DURATION", "2s"));

    @RegisterExtension
    final BrowserExtension browser = new BrowserExtension();

    private BrowserSession session;
    private StudioPage studio;

    @BeforeEach
    void openStudio() {
        session = browser.session();
        studio = new StudioPage(session, service.darkroom().api()).open("#/admin");
    }

    private DarkroomExtension.User signInAsAdmin() {
        DarkroomExtension.User admin = service.newAdmin("admin");
        studio.signIn(admin.key());
        session.findByRole("heading", "^Administration$");
        return admin;
    }

    @Test
    void userSeesNoAdminView() {
        // when
        studio.signIn(service.newUser().key());

        // then
        session.findByRole("heading", "^Only for admins$");
        assertThat(session.allByRole("link", "^Admin$")).isEmpty();
        assertThat(session.log().requests("GET /api/backends")).isEmpty();
    }

    @Test
    void adminDrainsAndEnablesAiServer() {
        // given
        DarkroomExtension.User admin = signInAsAdmin();
        assertThat(session.allByRole("link", "^Admin$")).hasSize(1);

        // when
        session.click("^Drain default$");
        session.click("^Drain$");

        // then
        session.awaitText("Drained");
        session.await("drained", () -> drained(admin));
        session.findByRole("button", "^Enable default$");

        // when
        session.click("^Enable default$");
        session.click("^Enable$");

        // then
        session.findByRole("button", "^Drain default$");
        session.await("enabled", () -> !drained(admin));
    }

    private static boolean drained(DarkroomExtension.User admin) {
        return admin.client()
                .get("/api/backends")
                .json()
                .getJsonArray("backends")
                .getJsonObject(0)
                .getBoolean("drained");
    }

    @Test
    void showsOpenBreakerAsProblem() {
        // given
        DarkroomExtension.User admin = signInAsAdmin();
        studio.observeText("[aria-labelledby=backends-title], [aria-labelledby=problems-title]");

        // when
        service.aiServer().script(new JsonObject().put("status", 500).put("times", -1));
        List<String> ids = List.of(admin.client().create("One"), admin.client().create("Two"));

        // then
        session.await(
                "open breaker",
                () -> studio.observedText()
                        .matches("(?s).*\\bOpen\\b.*[0-9]+ problems?.*|(?s).*[0-9]+ problems?.*\\bOpen\\b.*"));
        service.aiServer().reset();
        ids.forEach(id -> admin.client().awaitEnd(id));
        // Closes after three successful calls.
        admin.client().create("Three");
        session.awaitText("Closed");
        session.awaitText("No problems");
    }
}
