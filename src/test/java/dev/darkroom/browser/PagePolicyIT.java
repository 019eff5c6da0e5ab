package dev.darkroom.browser;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.browser.BrowserExtension;
import dev.darkroom.testing.browser.BrowserSession;
import dev.darkroom.testing.browser.LocalDarkroom;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Opens every page under its Content-Security-Policy. {@link BrowserExtension} checks errors, violations and foreign requests. */
@Tag("browser")
@Timeout(300)
class PagePolicyIT {
    @RegisterExtension
    static final LocalDarkroom service = new LocalDarkroom(DarkroomInstanceSettings.forTests());

    @RegisterExtension
    final BrowserExtension browser = new BrowserExtension();

    static Stream<SitePages.SitePage> pages() {
        return SitePages.ALL.stream();
    }

    @ParameterizedTest
    @MethodSource("pages")
    void pageWorksUnderStrictPolicy(SitePages.SitePage page) throws IOException, InterruptedException {
        // when
        HttpResponse<Void> response = HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(service.url(page.path().replaceFirst("#.*", "")))
                                .build(),
                        BodyHandlers.discarding());

        // then
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.headers().allValues("Content-Security-Policy"))
                .singleElement()
                .asString()
                .contains("default-src 'none'", "frame-ancestors 'none'", "script-src 'self'")
                .doesNotContain("unsafe-inline", "unsafe-eval", "https:", "*");

        // when
        BrowserSession session = browser.session();
        session.open(service.url(page.path()));

        // then
        session.find(page.complete());
        assertThat(session.title()).contains("Darkroom");
        assertThat(session.runScript("return document.documentElement.lang")).isEqualTo("en");
    }
}
