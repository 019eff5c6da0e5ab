package dev.darkroom.e2e;

import static dev.darkroom.testing.RawHttpClient.utf8Bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.http.MultipartBody;
import dev.darkroom.image.ChunkedBytes;
import dev.darkroom.image.TestImages;
import dev.darkroom.testing.ApiClient.ApiResponse;
import dev.darkroom.testing.DarkroomInstance;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.InProcessDarkroom;
import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.RawHttpClient;
import dev.darkroom.testing.TcpProxy;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Calls of the OpenAI API whose connection breaks, and their retries as the SDKs send them. */
@Timeout(120)
class OpenAiRetriesIT {
    private static final String GENERATION_ID = "Darkroom-Generation-Id";

    @TempDir
    static Path directory;

    @AutoClose
    private static InProcessSimulator simulator;

    /** Between Darkroom and the simulator: holds submissions back, so that calls wait. */
    @AutoClose
    private static TcpProxy proxy;

    private static final DatabaseUrl DATABASE = TestPostgres.migratedDatabase();

    @AutoClose
    private static DarkroomInstance darkroom;

    @BeforeAll
    static void start() throws IOException {
        simulator = new InProcessSimulator(Duration.ofMillis(5));
        proxy = new TcpProxy("127.0.0.1", simulator.port());
        darkroom = InProcessDarkroom.start(Files.createDirectory(directory.resolve("first")), settings());
    }

    /** Without a heartbeat during the test, a retry waits until the broken connection is noticed, however long that takes. */
    private static DarkroomInstanceSettings settings() {
        return DarkroomInstanceSettings.forTests()
                .database(DATABASE)
                .with("DARKROOM_IMAGE_DIR", directory.resolve("images").toString())
                .with("DARKROOM_BACKEND_URL", "http://127.0.0.1:" + proxy.port() + "/v1")
                .with("DARKROOM_NODE_TTL", "15m")
                .with("DARKROOM_NODE_HEARTBEAT_INTERVAL", "5m");
    }

    @BeforeEach
    void holdSubmissions() {
        simulator.reset();
        proxy.blackhole();
    }

    @AfterEach
    void waitForTheEndOfAllGenerations() {
        proxy.resumeForwarding();
        await().until(() -> query("SELECT count(*) FROM generation_queue").equals(List.of("0")));
        TestPostgres.execute(DATABASE, "DELETE FROM waiting_requests");
    }

    private static List<String> query(String sql) {
        return TestPostgres.query(DATABASE, sql);
    }

    private static RawHttpClient send(String prompt, String headers) {
        return send(darkroom, prompt, headers);
    }

    private static RawHttpClient send(DarkroomInstance instance, String prompt, String headers) {
        String body =
                new JsonObject().put("prompt", prompt).put("size", "64x64").encode();
        return new RawHttpClient(instance.api())
                .send(utf8Bytes(
                        "POST /v1/images/generations HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                                + headers + "Content-Length: " + body.length() + "\r\n\r\n" + body));
    }

    private static RawHttpClient sendRetry(String prompt, int retryCount) {
        return send(prompt, retryHeader(retryCount));
    }

    private static String retryHeader(int retryCount) {
        return "x-stainless-retry-count: " + retryCount + "\r\n";
    }

    /** Waits until this number of calls is connected and this number disconnected. */
    private static void awaitRequests(int connected, int disconnected) {
        await().until(
                        () -> query(
                                "SELECT count(*) FILTER (WHERE disconnected_at IS NULL) || ' ' || count(disconnected_at) FROM waiting_requests"),
                        List.of(connected + " " + disconnected)::equals);
    }

    private static void sendAndCut(String prompt, int retryCount) {
        try (RawHttpClient call = sendRetry(prompt, retryCount)) {
            awaitRequests(1, 0);
        }
        awaitRequests(0, 1);
    }

    private static RawHttpClient sendEdit(int retryCount) {
        MultipartBody form = new MultipartBody(1024)
                .addText("prompt", "a pier")
                .addText("size", "64x64")
                .addFile(
                        "image",
                        "photo.png",
                        "image/png",
                        new ChunkedBytes.Builder()
                                .append(Buffer.buffer(TestImages.png(64, 64)))
                                .build());
        Buffer body = form.end();
        return new RawHttpClient(darkroom.api())
                .send(utf8Bytes(
                        "POST /v1/images/edits HTTP/1.1\r\nHost: localhost\r\nContent-Type: " + form.contentType()
                                + "\r\n" + retryHeader(retryCount) + "Content-Length: " + body.length() + "\r\n\r\n"))
                .send(body.getBytes());
    }

    @Test
    @DisplayName("the retry of an edit sends its image again and leads to one submission and no unexpired upload")
    void retryOfAnEditAttaches() {
        // given
        try (RawHttpClient call = sendEdit(0)) {
            awaitRequests(1, 0);
        }
        awaitRequests(0, 1);

        // when
        try (RawHttpClient retry = sendEdit(1)) {
            awaitRequests(1, 0);
            proxy.resumeForwarding();
            readImages(retry);
        }

        // then
        assertThat(simulator.recordedRequests()).hasSize(1);
        await().until(() ->
                query("SELECT count(*) FROM uploads WHERE expires_at > now()").equals(List.of("0")));
    }

    private static ApiResponse readImages(RawHttpClient call) {
        ApiResponse response = call.readResponse();
        assertThat(response.status()).as(response.text()).isEqualTo(200);
        assertThat(response.json().getJsonArray("data")).hasSize(1);
        return response;
    }

    @Test
    @DisplayName("two retries of a call whose connections broke lead to one submission")
    void retriesAttachToTheGeneration() {
        // given
        sendAndCut("a pier", 0);
        sendAndCut("a pier", 1);

        // when
        try (RawHttpClient retry = sendRetry("a pier", 2)) {
            awaitRequests(1, 0);
            proxy.resumeForwarding();
            String id = readImages(retry).header(GENERATION_ID);

            // then
            assertThat(simulator.recordedRequests()).hasSize(1);
            assertThat(simulator.recordedRequests(id)).hasSize(1);
        }
        assertThat(darkroom.log()).anyMatch(line -> line.contains("retry attached") && line.contains("retryCount=2"));
        awaitRequests(0, 0);
    }

    @Test
    void retryAfterTheEndGetsTheImages() {
        // given
        sendAndCut("a harbour", 0);
        proxy.resumeForwarding();
        await().until(() ->
                query("SELECT status FROM generations ORDER BY id DESC LIMIT 1").equals(List.of("COMPLETE")));

        // then
        try (RawHttpClient retry = sendRetry("a harbour", 1)) {
            readImages(retry);
        }
        assertThat(simulator.recordedRequests()).hasSize(1);
    }

    @Test
    void retryThatArrivesBeforeTheConnectionBreaksWaits() {
        // given
        RawHttpClient call = send("a buoy", "");
        awaitRequests(1, 0);

        // when
        try (RawHttpClient retry = sendRetry("a buoy", 1)) {
            call.close();
            await().until(() ->
                    query("SELECT retry_count FROM waiting_requests").equals(List.of("1")));
            proxy.resumeForwarding();
            readImages(retry);
        }

        // then
        assertThat(simulator.recordedRequests()).hasSize(1);
    }

    @Test
    @DisplayName("of two equal calls, the one whose connection breaks keeps its own generation")
    void equalCallsStayApart() {
        // given
        try (RawHttpClient first = send("a gull", "")) {
            awaitRequests(1, 0);
            try (RawHttpClient second = send("a gull", "")) {
                awaitRequests(2, 0);
            }
            awaitRequests(1, 1);
            String broken = query("SELECT generation_id FROM waiting_requests WHERE disconnected_at IS NOT NULL")
                    .get(0);

            // when
            try (RawHttpClient retry = sendRetry("a gull", 1)) {
                awaitRequests(2, 0);
                proxy.resumeForwarding();

                // then
                assertThat(readImages(retry).header(GENERATION_ID)).isEqualTo(broken);
                assertThat(readImages(first).header(GENERATION_ID)).isNotEqualTo(broken);
            }
        }
        assertThat(simulator.recordedRequests()).hasSize(2);
    }

    @Test
    void retryGetsTheErrorOfTheGeneration() {
        // given
        simulator.script(new JsonObject()
                .put("status", 400)
                .put("body", new JsonObject().put("error", new JsonObject().put("message", "no"))));
        sendAndCut("a wreck", 0);
        String generation = query("SELECT generation_id FROM waiting_requests").get(0);
        proxy.resumeForwarding();

        // when
        try (RawHttpClient retry = sendRetry("a wreck", 1)) {
            ApiResponse response = retry.readResponse();

            // then
            assertThat(response.status()).as(response.text()).isEqualTo(400);
            assertThat(response.header(GENERATION_ID)).isEqualTo(generation);
            assertThat(response.header("X-Should-Retry")).isEqualTo("false");
        }
        assertThat(simulator.recordedRequests()).hasSize(1);
    }

    @Test
    void retryOfAnAnsweredCallCreatesAGeneration() {
        // given
        proxy.resumeForwarding();
        String first;
        try (RawHttpClient call = send("a crane", "")) {
            first = readImages(call).header(GENERATION_ID);
        }
        awaitRequests(0, 0);

        // then
        try (RawHttpClient retry = sendRetry("a crane", 1)) {
            assertThat(readImages(retry).header(GENERATION_ID)).isNotEqualTo(first);
        }
    }

    /** Each call has another boundary between the parts of the form. */
    private static RawHttpClient sendEdit(byte[] image, int retryCount) {
        MultipartBody form = new MultipartBody(1024).addText("prompt", "a sail");
        form.addFile(
                "image",
                "photo.png",
                "image/png",
                new ChunkedBytes.Builder().append(Buffer.buffer(image)).build());
        byte[] body = form.end().getBytes();
        return new RawHttpClient(darkroom.api())
                .send(utf8Bytes(
                        "POST /v1/images/edits HTTP/1.1\r\nHost: localhost\r\nContent-Type: " + form.contentType()
                                + "\r\n" + retryHeader(retryCount) + "Content-Length: " + body.length + "\r\n\r\n"))
                .send(body);
    }

    @Test
    void editsAreComparedByTheContentOfTheirFiles() {
        // given
        try (RawHttpClient call = sendEdit(TestImages.png(80, 64), 0)) {
            awaitRequests(1, 0);
        }
        awaitRequests(0, 1);
        String broken = query("SELECT generation_id FROM waiting_requests").get(0);

        // when
        try (RawHttpClient other = sendEdit(TestImages.png(96, 64), 1)) {
            awaitRequests(1, 1);
            try (RawHttpClient retry = sendEdit(TestImages.png(80, 64), 1)) {
                awaitRequests(2, 0);
                proxy.resumeForwarding();

                // then
                assertThat(readImages(retry).header(GENERATION_ID)).isEqualTo(broken);
                assertThat(readImages(other).header(GENERATION_ID)).isNotEqualTo(broken);
            }
        }
        assertThat(simulator.recordedRequests()).hasSize(2);
    }

    @Test
    void idempotencyKeyReplaysTheGeneration() {
        // given
        String key = "Idempotency-Key: harbour-1\r\n";
        try (RawHttpClient call = send("a mole", key)) {
            await().until(() -> query("SELECT count(*) FROM idempotency_keys").equals(List.of("1")));
        }

        // when
        try (RawHttpClient retry = send("a mole", key + retryHeader(1));
                RawHttpClient other = send("a dyke", key)) {
            ApiResponse rejected = other.readResponse();
            proxy.resumeForwarding();

            // then
            assertThat(readImages(retry).header("Idempotency-Replayed")).isEqualTo("true");
            assertThat(rejected.status()).isEqualTo(422);
            assertThat(rejected.header("X-Should-Retry")).isEqualTo("false");
            assertThat(rejected.json().getJsonObject("error").getString("code")).isEqualTo("idempotency_key_reused");
        }
        assertThat(simulator.recordedRequests()).hasSize(1);
    }

    private static DarkroomInstance startSecond(String name) throws IOException {
        return InProcessDarkroom.start(
                Files.createDirectory(directory.resolve(name)),
                settings().with("DARKROOM_NODE_ROLES", "api, notifier"));
    }

    private static void readUnavailable(RawHttpClient call) {
        ApiResponse response = call.readResponse();
        assertThat(response.status()).isEqualTo(503);
        assertThat(response.header("X-Should-Retry")).isNull();
    }

    private static void retryGetsTheGeneration(String prompt) {
        try (RawHttpClient retry = sendRetry(prompt, 1)) {
            awaitRequests(1, 0);
            proxy.resumeForwarding();
            readImages(retry);
        }
        assertThat(simulator.recordedRequests()).hasSize(1);
    }

    @Test
    @DisplayName("a process that stops answers waiting calls, and their retries attach in another process")
    void retryAttachesInAnotherProcessAfterAStop() throws IOException {
        // given
        DarkroomInstance stopping = startSecond("stopped");
        try (RawHttpClient call = send(stopping, "a ferry", "")) {
            awaitRequests(1, 0);

            // when
            stopping.close();

            // then
            readUnavailable(call);
        }
        retryGetsTheGeneration("a ferry");
    }

    @Test
    @DisplayName("a retry attaches also when the process that stopped failed to store the end of each connection")
    void retryAttachesAfterAStopThatCouldNotStoreTheDisconnection() throws IOException {
        // given
        DarkroomInstance stopping = startSecond("failed");
        TestPostgres.execute(
                DATABASE,
                """
                CREATE FUNCTION fail_disconnection() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                  IF current_query() LIKE '%connection_id = ANY%' THEN RAISE EXCEPTION 'injected'; END IF;
                  RETURN NEW; END $$""",
                "CREATE TRIGGER fail_disconnection BEFORE UPDATE ON waiting_requests FOR EACH ROW EXECUTE FUNCTION fail_disconnection()");
        try (RawHttpClient call = send(stopping, "a lugger", "")) {
            awaitRequests(1, 0);

            // when
            stopping.close();

            // then
            readUnavailable(call);
        } finally {
            TestPostgres.execute(DATABASE, "DROP FUNCTION fail_disconnection CASCADE");
        }
        assertThat(stopping.log()).anyMatch(line -> line.contains("command failed"));
        retryGetsTheGeneration("a lugger");
    }

    @Test
    @DisplayName("the response that asks for a retry follows the stored disconnection")
    void disconnectionIsStoredBeforeTheResponse() throws Exception {
        // given
        DarkroomInstance stopping = startSecond("blocked");
        try (RawHttpClient call = send(stopping, "a dory", "");
                Connection lock = DriverManager.getConnection(
                        DATABASE.jdbcUrl(), DATABASE.user(), DATABASE.password().value())) {
            awaitRequests(1, 0);
            lock.setAutoCommit(false);
            lock.createStatement().execute("SELECT FROM waiting_requests FOR UPDATE");

            // when
            CompletableFuture<Void> stop = CompletableFuture.runAsync(stopping::close);
            CompletableFuture<List<String>> disconnectedAtResponse = CompletableFuture.supplyAsync(() -> {
                readUnavailable(call);
                return query("SELECT count(disconnected_at) FROM waiting_requests");
            });
            await().until(
                            () -> query("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                                    + " AND wait_event_type = 'Lock' AND query LIKE '%connection_id = ANY%'"),
                            List.of("1")::equals);
            lock.rollback();

            // then
            assertThat(disconnectedAtResponse.get(60, TimeUnit.SECONDS)).containsExactly("1");
            stop.get(60, TimeUnit.SECONDS);
        }
    }
}
