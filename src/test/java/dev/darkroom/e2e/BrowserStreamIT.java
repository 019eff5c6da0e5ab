package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.ConnectionCuttingProxy;
import dev.darkroom.testing.DarkroomFleet;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.TestApiKeys;
import dev.darkroom.testing.TestPostgres;
import dev.darkroom.testing.browser.BrowserSession;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Streams notifications to a cross-origin page in Chromium while its node is killed. Runs with the profile "browser"
 * only.
 */
@Tag("browser")
@Timeout(300)
class BrowserStreamIT {
    @TempDir
    Path directory;

    private InProcessSimulator inProcessSimulator;
    private HttpServer pages;
    private BrowserSession browserSession;
    private DatabaseUrl database;
    private final AtomicInteger currentNode = new AtomicInteger();

    @BeforeEach
    void start() throws IOException {
        inProcessSimulator = new InProcessSimulator(Duration.ofMillis(10));
        database = TestPostgres.migratedDatabase();
        pages = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        pages.createContext("/", exchange -> {
            try (InputStream page = getClass().getResourceAsStream("/browser/listen.html");
                    OutputStream body = exchange.getResponseBody()) {
                exchange.getResponseHeaders().set("Content-Type", "text/html; charset=utf-8");
                exchange.sendResponseHeaders(200, 0);
                page.transferTo(body);
            }
        });
        pages.start();
        browserSession = new BrowserSession(directory);
    }

    @AfterEach
    void stop() {
        browserSession.close();
        pages.stop(0);
        inProcessSimulator.close();
    }

    /** The browser reconnects with the same URL, including the ticket, to a node that has not seen the ticket. */
    @Test
    void eventSourceWithTicketLosesNothingWhenNodeIsKilled() {
        DarkroomInstanceSettings settings = settings().with("DARKROOM_AUTH", "required");
        assertSurvivesNodeLoss(settings, stream -> {
            ApiClient.ApiResponse apiResponse =
                    stream.client().send("POST", "/api/notifications/ticket", Map.of(), null);
            assertThat(apiResponse.status()).as(apiResponse.text()).isEqualTo(201);
            browserSession.runScript(
                    "listen(arguments[0])",
                    stream.url() + "?ticket=" + apiResponse.json().getString("ticket"));
        });
    }

    @Test
    void fetchWithKeyLosesNothingWhenNodeIsKilled() {
        DarkroomInstanceSettings settings = settings().with("DARKROOM_AUTH", "required");
        assertSurvivesNodeLoss(
                settings,
                stream -> browserSession.runScript("read(arguments[0], arguments[1])", stream.url(), stream.key()));
    }

    /** @param client client of the stream's user, at the first node */
    private record Stream(String url, String key, ApiClient client) {}

    private interface StreamOpener {
        void open(Stream stream);
    }

    private void assertSurvivesNodeLoss(DarkroomInstanceSettings settings, StreamOpener opener) {
        // given a page that streams through a load balancer
        try (DarkroomFleet darkroomFleet = new DarkroomFleet(
                        directory, 2, settings.database(database).aiServer(inProcessSimulator));
                ConnectionCuttingProxy balancer = new ConnectionCuttingProxy(
                        () -> darkroomFleet.processAt(currentNode.get()).api().getPort(), () -> Integer.MAX_VALUE)) {
            String key = TestApiKeys.create(database, "alice");
            String url = "http://127.0.0.1:" + balancer.port() + "/api/notifications/stream";
            ApiClient first = darkroomFleet.client(0).withKey(key);
            ApiClient second = darkroomFleet.client(1).withKey(key);
            browserSession.open(
                    URI.create("http://127.0.0.1:" + pages.getAddress().getPort() + "/"));
            opener.open(new Stream(url, key, first));
            awaitState("connected", state -> state.getInteger("opened") == 1);

            // when generations end
            List<String> ids = new ArrayList<>();
            createAndAwait(first, 3, ids);

            // then the page shows them
            awaitState("notified", state -> state.getJsonArray("shown").size() == 3);

            // when the node is killed and more generations end while the page is disconnected
            currentNode.set(1);
            darkroomFleet.kill(0);
            createAndAwait(second, 3, ids);
            awaitState("connected again", state -> state.getInteger("opened") == 2);
            createAndAwait(second, 2, ids);

            // then the page shows every notification once
            JsonObject state = awaitState(
                    "all notified", latest -> latest.getJsonArray("shown").size() == ids.size());
            assertThat(state.getJsonArray("failures")).isEmpty();
            assertThat(numbers(state.getJsonArray("shown"), "seq"))
                    .containsExactlyElementsOf(
                            LongStream.rangeClosed(1, ids.size()).boxed().toList());
            assertThat(texts(state.getJsonArray("shown"), "generationId")).containsExactlyInAnyOrderElementsOf(ids);
            assertThat(texts(state.getJsonArray("shown"), "status")).containsOnly("COMPLETE");
            System.out.printf(
                    "browser: %d notifications received for %d generations, %d connections%n",
                    state.getJsonArray("received").size(), ids.size(), state.getInteger("opened"));
        }
    }

    private static void createAndAwait(ApiClient client, int count, List<String> ids) {
        for (int i = 0; i < count; i++) {
            String id = client.create("A lighthouse");
            ids.add(id);
            client.awaitEnd(id);
        }
    }

    private interface Condition {
        boolean holds(JsonObject state);
    }

    private JsonObject awaitState(String description, Condition condition) {
        return Awaitility.await(description)
                .atMost(Duration.ofSeconds(40))
                .pollInterval(Duration.ofMillis(100))
                .until(
                        () -> new JsonObject((String) browserSession.runScript("return JSON.stringify(state)")),
                        condition::holds);
    }

    private static List<Long> numbers(JsonArray objects, String field) {
        return objects.stream()
                .map(element -> ((JsonObject) element).getLong(field))
                .toList();
    }

    private static List<String> texts(JsonArray objects, String field) {
        return objects.stream()
                .map(element -> ((JsonObject) element).getString(field))
                .toList();
    }

    private DarkroomInstanceSettings settings() {
        return DarkroomInstanceSettings.forTests()
                .smallProcess()
                .with(
                        "DARKROOM_HTTP_CORS_ORIGINS",
                        "http://127.0.0.1:" + pages.getAddress().getPort());
    }
}
