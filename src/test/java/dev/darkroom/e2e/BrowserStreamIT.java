package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.ConnectionCuttingProxy;
import dev.darkroom.testing.DarkroomFleet;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.HeadlessBrowser;
import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.TestApiKeys;
import dev.darkroom.testing.TestPostgres;
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

/** A page of another origin in a real Chromium, its node killed while it listens: only with the profile {@code browser}. */
@Tag("browser")
@Timeout(300)
class BrowserStreamIT {
    @TempDir
    Path directory;

    private InProcessSimulator inProcessSimulator;
    private HttpServer pages;
    private HeadlessBrowser headlessBrowser;
    private DatabaseUrl database;
    private final AtomicInteger place = new AtomicInteger();

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
        headlessBrowser = new HeadlessBrowser(directory);
    }

    @AfterEach
    void stop() {
        headlessBrowser.close();
        pages.stop(0);
        inProcessSimulator.close();
    }

    /** The browser comes back with the address that it has, ticket and all, to a node that has never seen it. */
    @Test
    void anEventSourceWithATicketLosesNothingWhenItsNodeIsKilled() {
        DarkroomInstanceSettings settings = settings().with("DARKROOM_AUTH", "required");
        survivesItsNode(settings, stream -> {
            ApiClient.ApiResponse apiResponse =
                    stream.caller().send("POST", "/api/notifications/ticket", Map.of(), null);
            assertThat(apiResponse.status()).as(apiResponse.text()).isEqualTo(201);
            headlessBrowser.runScript(
                    "listen(arguments[0])",
                    stream.url() + "?ticket=" + apiResponse.json().getString("ticket"));
        });
    }

    @Test
    void fetchWithAKeyLosesNothingWhenItsNodeIsKilled() {
        DarkroomInstanceSettings settings = settings().with("DARKROOM_AUTH", "required");
        survivesItsNode(
                settings,
                stream -> headlessBrowser.runScript("read(arguments[0], arguments[1])", stream.url(), stream.key()));
    }

    /** @param caller the user whose stream it is, at the first node */
    private record Stream(String url, String key, ApiClient caller) {}

    private interface Listening {
        void begin(Stream stream);
    }

    private void survivesItsNode(DarkroomInstanceSettings settings, Listening listening) {
        // given a page that listens through a load balancer
        try (DarkroomFleet darkroomFleet = new DarkroomFleet(
                        directory, 2, settings.database(database).aiServer(inProcessSimulator));
                ConnectionCuttingProxy balancer = new ConnectionCuttingProxy(
                        () -> darkroomFleet.processAt(place.get()).api().getPort(), () -> Integer.MAX_VALUE)) {
            String key = TestApiKeys.create(database, "alice");
            String url = "http://127.0.0.1:" + balancer.port() + "/api/notifications/stream";
            ApiClient first = darkroomFleet.client(0).withKey(key);
            ApiClient second = darkroomFleet.client(1).withKey(key);
            headlessBrowser.open(
                    URI.create("http://127.0.0.1:" + pages.getAddress().getPort() + "/"));
            listening.begin(new Stream(url, key, first));
            awaitTold("connected", told -> told.getInteger("opened") == 1);

            // when generations end
            List<String> ids = new ArrayList<>();
            make(first, 3, ids);

            // then the page is told
            awaitTold("told", told -> told.getJsonArray("shown").size() == 3);

            // when its node is killed, and more end while it is cut off
            place.set(1);
            darkroomFleet.kill(0);
            make(second, 3, ids);
            awaitTold("connected again", told -> told.getInteger("opened") == 2);
            make(second, 2, ids);

            // then it has missed nothing and shows nothing twice
            JsonObject told =
                    awaitTold("told all", all -> all.getJsonArray("shown").size() == ids.size());
            assertThat(told.getJsonArray("failures")).isEmpty();
            assertThat(numbers(told.getJsonArray("shown"), "seq"))
                    .containsExactlyElementsOf(
                            LongStream.rangeClosed(1, ids.size()).boxed().toList());
            assertThat(texts(told.getJsonArray("shown"), "generationId")).containsExactlyInAnyOrderElementsOf(ids);
            assertThat(texts(told.getJsonArray("shown"), "status")).containsOnly("COMPLETE");
            System.out.printf(
                    "browser: %d notifications came for %d, %d connections%n",
                    told.getJsonArray("came").size(), ids.size(), told.getInteger("opened"));
        }
    }

    private static void make(ApiClient client, int count, List<String> ids) {
        for (int i = 0; i < count; i++) {
            String id = client.create("A lighthouse to be told of");
            ids.add(id);
            client.awaitEnd(id);
        }
    }

    private interface Condition {
        boolean holds(JsonObject told);
    }

    private JsonObject awaitTold(String what, Condition condition) {
        return Awaitility.await(what)
                .atMost(Duration.ofSeconds(40))
                .pollInterval(Duration.ofMillis(100))
                .until(() -> headlessBrowser.runScript("return told"), condition::holds);
    }

    private static List<Long> numbers(JsonArray objects, String field) {
        return objects.stream().map(each -> ((JsonObject) each).getLong(field)).toList();
    }

    private static List<String> texts(JsonArray objects, String field) {
        return objects.stream()
                .map(each -> ((JsonObject) each).getString(field))
                .toList();
    }

    private DarkroomInstanceSettings settings() {
        return DarkroomInstanceSettings.forTests()
                .with("DARKROOM_API_INSTANCES", "1")
                .with("DARKROOM_GENERATION_INSTANCES", "1")
                .with("DARKROOM_DATABASE_POOL_SIZE", "8")
                .with(
                        "DARKROOM_HTTP_CORS_ORIGINS",
                        "http://127.0.0.1:" + pages.getAddress().getPort());
    }
}
