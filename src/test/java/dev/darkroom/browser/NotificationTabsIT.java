package dev.darkroom.browser;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.DarkroomExtension;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.MetricsScrape;
import dev.darkroom.testing.browser.BrowserExtension;
import dev.darkroom.testing.browser.BrowserSession;
import dev.darkroom.testing.browser.StudioPage;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Notifications in two tabs of one browser. */
@Tag("browser")
@Timeout(300)
class NotificationTabsIT {
    @RegisterExtension
    static final DarkroomExtension service = new DarkroomExtension(DarkroomInstanceSettings.forTests());

    @RegisterExtension
    final BrowserExtension browser = new BrowserExtension();

    private static double openStreams() {
        return MetricsScrape.of(service.darkroom()).series().stream()
                .filter(series -> series.name().equals("darkroom_streams_open"))
                .filter(series -> "NOTIFICATIONS_SSE".equals(series.labels().get("kind")))
                .mapToDouble(MetricsScrape.Series::value)
                .sum();
    }

    private static void awaitOneStream() {
        Awaitility.await("one stream")
                .atMost(BrowserSession.DEADLINE)
                .until(NotificationTabsIT::openStreams, count -> count == 1);
    }

    private static void completeGeneration(ApiClient client) {
        client.awaitEnd(client.create("A lighthouse"));
    }

    @Test
    void tabsShareOneStreamAndAnotherTabTakesOver() {
        // given two tabs
        BrowserSession session = browser.session();
        StudioPage studio = new StudioPage(session, service.darkroom().api()).open();
        awaitOneStream();
        int before = studio.unreadCount();
        String first = session.tab();
        String second = session.openTab(service.darkroom().api().resolve("/"));
        session.find("main h1");

        // when
        completeGeneration(service.client());

        // then both tabs count it, and only one has a connection
        studio.awaitUnreadCount(before + 1);
        session.switchTo(first);
        studio.awaitUnreadCount(before + 1);
        assertThat(openStreams()).isEqualTo(1);
        assertThat(session.log().requests("GET /api/notifications/stream").stream()
                        .filter(request -> request.isOpen()))
                .hasSize(1);

        // when the tab with the connection is closed
        session.closeTab(second);
        awaitOneStream();
        completeGeneration(service.client());

        // then the other one receives the notification
        studio.awaitUnreadCount(before + 2);
        assertThat(openStreams()).isEqualTo(1);
    }

    @Test
    void unreadCountSurvivesReloadAndIsReadInAllTabs() {
        // given
        BrowserSession session = browser.session();
        StudioPage studio = new StudioPage(session, service.darkroom().api()).open();
        completeGeneration(service.client());
        session.await("unread", () -> studio.unreadCount() > 0);
        int unread = studio.unreadCount();

        // when
        session.reload();

        // then
        studio.awaitUnreadCount(unread);

        // when all are marked in another tab
        String first = session.tab();
        session.openTab(service.darkroom().api().resolve("/"));
        session.click("^Notifications");
        session.click("^Mark all as read$");
        studio.awaitUnreadCount(0);

        // then
        session.switchTo(first);
        studio.awaitUnreadCount(0);
        assertThat(service.client().get("/api/notifications").json().getInteger("unreadCount"))
                .isZero();
    }
}
