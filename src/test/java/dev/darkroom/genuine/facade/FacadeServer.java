package dev.darkroom.genuine.facade;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.testing.DarkroomInstance;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.InProcessDarkroom;
import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.TcpProxy;
import dev.darkroom.testing.TestApiKeys;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** A service with API keys and the model {@code simulator}. The methods block. */
final class FacadeServer implements AutoCloseable {
    static final String MODEL = "simulator";

    private static final Duration LIMIT = Duration.ofMinutes(2);

    private final InProcessSimulator simulator;
    private final DatabaseUrl database;
    private final DarkroomInstance darkroom;
    private final String key;

    private FacadeServer(InProcessSimulator simulator, DatabaseUrl database, DarkroomInstance darkroom) {
        this.simulator = simulator;
        this.database = database;
        this.darkroom = darkroom;
        this.key = createKey("alice");
    }

    /** Starts a service with the simulator as its AI server. */
    static FacadeServer start(
            Path directory, InProcessSimulator simulator, Consumer<DarkroomInstanceSettings> additionalSettings)
            throws Exception {
        DatabaseUrl database = TestPostgres.migratedDatabase();
        Path data = Files.createTempDirectory(directory, "darkroom");
        Path conf = Files.writeString(data.resolve("darkroom.yaml"), """
                backends:
                  simulator:
                    url: %s
                    prices: "*=2"
                    timeout: 10m
                models:
                  %s: simulator/simulator
                """.formatted(simulator.url(), MODEL));
        DarkroomInstanceSettings settings = DarkroomInstanceSettings.forTests()
                .smallProcess()
                .database(database)
                .with("DARKROOM_CONF", conf.toString())
                .with("DARKROOM_AUTH", "required");
        additionalSettings.accept(settings);
        return new FacadeServer(simulator, database, InProcessDarkroom.start(data, settings));
    }

    DarkroomInstance darkroom() {
        return darkroom;
    }

    /** Returns the base URL for clients of OpenAI. */
    URI api() {
        return darkroom.api().resolve("/v1");
    }

    /** Returns the base URL for clients of OpenAI through a proxy. */
    URI api(TcpProxy proxy) {
        return URI.create("http://127.0.0.1:" + proxy.port() + "/v1");
    }

    /** Opens a proxy between clients and the service. */
    TcpProxy openProxy() {
        return new TcpProxy(api().getHost(), api().getPort());
    }

    /** Returns the API key of the user {@code alice}. */
    String key() {
        return key;
    }

    String createKey(String user) {
        return TestApiKeys.create(database, user);
    }

    /** Creates a call without retries. */
    ClientStep step(String name, String operation) {
        JsonObject request = new JsonObject()
                .put("model", MODEL)
                .put("prompt", "a pier, " + name)
                .put("size", "64x64");
        return new ClientStep(name, api(), key, operation, request, 0);
    }

    /** Cuts all connections of the proxy once, after the simulator received a submission. */
    CompletableFuture<Void> cutAfterSubmission(TcpProxy proxy) {
        return CompletableFuture.runAsync(() -> {
            await().atMost(LIMIT).until(() -> !simulator.recordedRequests().isEmpty());
            proxy.closeConnections();
        });
    }

    /** A run of a client program. Returns the printed lines. */
    interface ClientRun {
        List<String> run(URI api) throws Exception;
    }

    /** Runs a client through a proxy that cuts its connections once, and returns the printed lines. */
    List<String> runWithCut(ClientRun client) throws Exception {
        try (TcpProxy proxy = openProxy()) {
            CompletableFuture<Void> cut = cutAfterSubmission(proxy);
            List<String> printed = client.run(api(proxy));
            cut.get(1, TimeUnit.MINUTES);
            return printed;
        }
    }

    /** Waits until the user {@code alice} has this number of generations, all of them complete. */
    void awaitCompleteGenerations(int count) {
        await().atMost(LIMIT).untilAsserted(() -> {
            JsonArray items =
                    darkroom.client().withKey(key).get("/api/generation").json().getJsonArray("items");
            assertThat(items)
                    .hasSize(count)
                    .allMatch(item -> "COMPLETE".equals(((JsonObject) item).getString("status")));
        });
    }

    @Override
    public void close() {
        darkroom.close();
    }
}
