package dev.darkroom.browser;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.browser.BrowserExtension;
import dev.darkroom.testing.browser.BrowserSession;
import dev.darkroom.testing.browser.LocalDarkroom;
import dev.darkroom.testing.browser.StudioPage;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The studio in a tab that has been open for longer than image URLs are valid. */
@Tag("browser")
@Timeout(300)
class ExpiredImageUrlIT {
    @RegisterExtension
    static final LocalDarkroom service =
            new LocalDarkroom(DarkroomInstanceSettings.forTests().with("DARKROOM_IMAGE_URLS_LIFETIME", "4s"));

    @RegisterExtension
    final BrowserExtension browser = new BrowserExtension();

    private static int status(String url) throws Exception {
        return HttpClient.newHttpClient()
                .send(HttpRequest.newBuilder(URI.create(url)).build(), BodyHandlers.discarding())
                .statusCode();
    }

    @Test
    void detailPageHasNewUrls() {
        // given
        BrowserSession session = browser.session();
        // The image may be requested with the old URL first.
        session.log().permitErrors("403");
        String id = service.client().create("A pier in the fog");
        service.client().awaitEnd(id);
        new StudioPage(session, service.url("/")).open();
        String tile = StudioPage.TILE + "[href$='" + id + "']";
        session.awaitDecodedImage(tile + " img");
        String expired = session.find(tile + " img").getAttribute("src");
        session.await("expired URL", () -> status(expired) == 403);

        // when
        session.find(tile).click();

        // then
        String download = session.awaitValue(
                "new URL for the download",
                () -> session.find("a[download]").getAttribute("href"),
                url -> !url.equals(expired));
        assertThat(session.find("a.frame").getAttribute("href")).startsWith(download.replaceAll("\\?.*", ""));
        assertThat(session.awaitDecodedImage(StudioPage.DETAIL + " img")).isPositive();
    }
}
