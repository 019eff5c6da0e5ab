package dev.darkroom.browser;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.auth.ApiKeyAdmin;
import dev.darkroom.testing.DarkroomExtension;
import dev.darkroom.testing.browser.BrowserExtension;
import dev.darkroom.testing.browser.BrowserSession;
import dev.darkroom.testing.browser.StudioPage;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Signs in with an API key. */
@Tag("browser")
@Timeout(300)
class SignInIT {
    @RegisterExtension
    static final DarkroomExtension service = DarkroomExtension.shared();

    @RegisterExtension
    final BrowserExtension browser = new BrowserExtension();

    private BrowserSession session;
    private StudioPage studio;

    @BeforeEach
    void openStudio() {
        session = browser.session();
        studio = new StudioPage(session, service.darkroom().api()).open();
    }

    private void awaitSignedIn() {
        session.find("#create-title");
    }

    @Test
    void asksForKeyWithoutAnyRejectedRequest() {
        session.find("[data-testid=sign-in]");

        assertThat(session.log().requests(".* /api/.*")).isEmpty();
    }

    @Test
    void rejectsWrongKeyAndAcceptsRightOne() {
        // given
        session.log().permitErrors("/api/user - Failed to load resource: .* 401");

        // when
        studio.signIn("dk_wrong");

        // then
        session.awaitText("This API key is not valid");
        assertThat(session.focused().getAttribute("id")).isEqualTo("api-key");

        // when
        studio.signIn(service.user().key());

        // then
        awaitSignedIn();
        studio.create("A lighthouse");
        studio.awaitStatus(StudioPage.STAGE, "COMPLETE");
        session.awaitDecodedImage(StudioPage.STAGE + " img");
    }

    @Test
    void keepsKeyOverReloadButInNoUrlAndNoLastingStorage() {
        // given
        String key = service.user().key();
        studio.signIn(key);
        awaitSignedIn();

        // when
        session.reload();

        // then
        awaitSignedIn();
        String id = service.client().create("A lighthouse");
        session.open(studio.detail(id));
        studio.awaitStatus(StudioPage.DETAIL, "COMPLETE");
        assertThat(session.log().requests()).noneMatch(request -> request.url().contains(key));
        assertThat(session.runScript("return JSON.stringify(localStorage) + document.cookie + location.href"))
                .asString()
                .doesNotContain(key);
        assertThat(session.runScript("return document.documentElement.outerHTML"))
                .asString()
                .doesNotContain(key);
    }

    @Test
    void signsOutInAllTabs() {
        // given
        studio.signIn(service.user().key());
        awaitSignedIn();
        String first = session.tab();
        session.openTab(service.darkroom().api().resolve("/"));
        studio.signIn(service.user().key());
        awaitSignedIn();

        // when
        session.click("^Sign out");

        // then
        session.find("[data-testid=sign-in]");
        assertThat(session.runScript("return sessionStorage.length")).isEqualTo(0L);
        session.switchTo(first);
        session.find("[data-testid=sign-in]");
        session.reload();
        session.find("[data-testid=sign-in]");
    }

    @Test
    void returnsToSignInWhenKeyIsRevoked() {
        // given
        session.log().permitErrors("Failed to load resource: .* 401");
        DarkroomExtension.User user = service.newUser();
        studio.signIn(user.key());
        awaitSignedIn();

        // when
        try (ApiKeyAdmin apiKeyAdmin = ApiKeyAdmin.open(service.database())) {
            apiKeyAdmin.list().stream()
                    .filter(key -> key.user().equals(user.name()))
                    .forEach(key -> apiKeyAdmin.revoke(key.id()));
        }

        // then
        session.find("[data-testid=sign-in]");
        session.awaitText("The API key is no longer valid");
    }
}
