package dev.darkroom.browser;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.TcpProxy;
import dev.darkroom.testing.browser.BrowserExtension;
import dev.darkroom.testing.browser.BrowserSession;
import dev.darkroom.testing.browser.LocalDarkroom;
import dev.darkroom.testing.browser.StudioPage;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The studio without a network, and with lost responses. */
@Tag("browser")
@Timeout(300)
class ConnectionLossIT {
    @RegisterExtension
    static final LocalDarkroom service = new LocalDarkroom(DarkroomInstanceSettings.forTests());

    @RegisterExtension
    final BrowserExtension browser = new BrowserExtension();

    private BrowserSession session;
    private StudioPage studio;
    private TcpProxy proxy;

    @BeforeEach
    void openStudio() {
        session = browser.session();
        proxy = new TcpProxy("127.0.0.1", service.url("/").getPort());
        // The images have the address of the service.
        session.log().addOwnOrigin(service.url("/"));
        session.log().permitErrors("net::ERR_");
        studio = new StudioPage(session, URI.create("http://127.0.0.1:" + proxy.port())).open();
    }

    @AfterEach
    void closeProxy() {
        proxy.close();
    }

    private long generationsWith(String prompt) {
        return service.client().get("/api/generation?limit=100").json().getJsonArray("items").stream()
                .map(JsonObject.class::cast)
                .filter(generation -> prompt.equals(generation.getString("prompt")))
                .count();
    }

    @Test
    void catchesUpAfterOffline() {
        // given
        session.find("main h1");
        session.setOffline(true);
        studio.awaitDisconnected();
        int before = studio.unreadCount();

        // when a generation ends meanwhile
        String id = service.client().create("A red bridge at night");
        service.client().awaitEnd(id);
        session.setOffline(false);

        // then
        studio.awaitConnected();
        studio.awaitUnreadCount(before + 1);
    }

    @Test
    void sendsPromptWrittenOfflineOnce() {
        // given
        session.setOffline(true);
        String prompt = "Snow on a harbour, sent offline";

        // when
        studio.create(prompt);
        session.awaitText("cannot create a second generation");
        assertThat(generationsWith(prompt)).isZero();
        session.setOffline(false);

        // then
        studio.awaitStatus(StudioPage.STAGE, "COMPLETE");
        assertThat(generationsWith(prompt)).isEqualTo(1);
    }

    @Test
    void createsOneGenerationWhenResponseIsLost() throws Exception {
        // given
        String prompt = "Mountains at dusk, response lost";
        CompletableFuture<Void> dropped = proxy.dropResponseTo("POST /api/generation ");

        // when
        studio.create(prompt);

        // then the page, or the browser itself, sends the request again with the same key
        dropped.get(60, TimeUnit.SECONDS);
        studio.awaitStatus(StudioPage.STAGE, "COMPLETE");
        assertThat(generationsWith(prompt)).isEqualTo(1);
        var requests = session.log().requests("POST /api/generation");
        assertThat(requests.stream()
                        .map(request -> request.header("Idempotency-Key"))
                        .distinct())
                .hasSize(1)
                .doesNotContainNull();
    }

    @Test
    void recoversWhenServiceIsUnreachable() {
        // given a generation that waits
        service.script(new JsonObject().put("status", 429).put("retryAfter", 1).put("times", -1));
        String id = service.client().create("A market in the rain");
        studio.open("#/generations/" + id);
        studio.awaitStatus(StudioPage.DETAIL, "PENDING");

        // when
        proxy.refuseConnections();
        studio.awaitDisconnected();
        service.script();
        service.client().awaitEnd(id);
        proxy.acceptConnections();

        // then the page shows the result by itself
        studio.awaitConnected();
        studio.awaitStatus(StudioPage.DETAIL, "COMPLETE");
    }

    @Test
    void loadsGalleryWhenServiceIsAvailableAgain() {
        // given
        String id = service.client().create("A harbor at dawn");
        service.client().awaitEnd(id);
        session.runBeforePages("""
                const send = fetch;
                window.unavailable = true;
                window.fetch = request => window.unavailable && request.url.includes('/api/generation?')
                    ? Promise.resolve(new Response('{"title": "Unavailable"}',
                        {status: 503, headers: {'Content-Type': 'application/problem+json'}}))
                    : send(request);
                """);
        session.reload();
        session.awaitText("The gallery could not be loaded");

        // when
        session.runScript("window.unavailable = false");

        // then
        session.find(StudioPage.TILE + "[href$='" + id + "']");
    }
}
