package dev.darkroom.e2e;

import static dev.darkroom.testing.RawHttpClient.requestHead;
import static dev.darkroom.testing.RawHttpClient.utf8Bytes;
import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.ApiClient.ApiResponse;
import dev.darkroom.testing.DarkroomExtension;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.RawHttpClient;
import dev.darkroom.testing.TableSnapshot;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Clients that send slowly, disconnect early or send without end. They do not affect other clients. */
class MisbehavingClientsIT {
    private static final Duration TIMEOUT = Duration.ofSeconds(60);
    private static final String BODY = "{\"prompt\":\"a slow lighthouse\"}";

    @RegisterExtension
    static final DarkroomExtension service = new DarkroomExtension(DarkroomInstanceSettings.forTests()
            .with("DARKROOM_HTTP_IDLE_TIMEOUT", "8s")
            .with("DARKROOM_GENERATION_MAX_WAIT", "2s"));

    private final List<RawHttpClient> connections = new ArrayList<>();

    @AfterEach
    void noInternalErrorIsLogged() {
        connections.forEach(RawHttpClient::close);
        assertThat(service.darkroom().log()).noneMatch(line -> line.startsWith("ERROR") || line.contains(" ERROR "));
    }

    @Test
    void acceptsBodyByteByByteAndServesOthers() {
        // given
        RawHttpClient slow = connect().send(head(BODY.length()));

        // when
        List<Integer> others = new ArrayList<>();
        for (byte element : utf8Bytes(BODY)) {
            slow.send(new byte[] {element});
            others.add(service.client().get("/openapi.yaml").status());
        }
        ApiResponse apiResponse = slow.readResponse();

        // then
        assertThat(apiResponse.status()).isEqualTo(202);
        assertThat(others).containsOnly(200);
    }

    @Test
    void servesOthersDespiteManyIncompleteRequests() {
        // given
        for (int i = 0; i < 200; i++) {
            connect().send(head(1_000)).send(utf8Bytes("{\"prompt\":"));
        }

        // when
        JsonObject ended = service.client().awaitEnd(service.client().create("meanwhile"));

        // then
        assertThat(ended.getString("status")).isEqualTo("COMPLETE");
    }

    @Test
    void closesIdleConnection() {
        // given
        List<String> before = TableSnapshot.readAllRows(service.database());
        RawHttpClient stuck = connect().send(head(1_000)).send(utf8Bytes("{\"prompt\":"));

        // then
        assertThat(stuck.isClosed()).isTrue();
        assertThat(TableSnapshot.readAllRows(service.database())).isEqualTo(before);
    }

    @Test
    void ignoresIncompleteRequestsOfClosedConnections() {
        // given
        List<String> before = TableSnapshot.readAllRows(service.database());

        // when
        for (int i = 0; i < 50; i++) {
            connect().send(head(BODY.length())).send(utf8Bytes(BODY.substring(0, i % BODY.length())));
            connections.get(i).close();
        }

        // then
        assertThat(service.client().get("/openapi.yaml").status()).isEqualTo(200);
        assertThat(TableSnapshot.readAllRows(service.database())).isEqualTo(before);
    }

    @Test
    void completesRequestOfClosedConnection() {
        // given
        String prompt = "client disconnects before the response";

        // when
        connect()
                .send(head(utf8Bytes(prompt(prompt)).length))
                .send(utf8Bytes(prompt(prompt)))
                .close();

        // then
        Awaitility.await()
                .atMost(TIMEOUT)
                .until(() -> TestPostgres.query(
                                service.database(), "SELECT status FROM generations WHERE prompt = '" + prompt + "'")
                        .equals(List.of("COMPLETE")));
    }

    @Test
    void servesOthersWhenClientsAbortDownloads() throws Exception {
        // given
        int bytes = 20_000_000;
        String path = largeImagePath(bytes);

        // when
        for (int i = 0; i < 20; i++) {
            connect().send(requestHead("GET", path, ""));
            connections.get(i).close();
        }

        // then
        assertThat(service.client().get(path).body()).hasSize(bytes);
        Awaitility.await()
                .during(Duration.ofMillis(500))
                .atMost(TIMEOUT)
                .until(() -> service.darkroom().log().stream().noneMatch(line -> line.contains("image read failed")));
    }

    @Test
    void rejectsAndClosesEndlessBody() {
        // given
        byte[] chunk = utf8Bytes("10000\r\n" + " ".repeat(0x10000) + "\r\n");
        RawHttpClient endless = connect()
                .send(requestHead(
                        "POST", "/api/generation", "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n"));
        for (int i = 0; i < 20; i++) {
            endless.send(chunk);
        }

        // when
        ApiResponse apiResponse = endless.readResponse();

        // then
        assertThat(apiResponse.status()).isEqualTo(413);
        Awaitility.await().atMost(TIMEOUT).until(() -> isClosedAfterSending(endless, chunk));
    }

    @Test
    void servesNextRequestOnConnectionAfterRejection() {
        // given
        RawHttpClient connection = connect();

        // when
        int tooLarge = connection
                .send(head(1_100_000))
                .send(new byte[1_100_000])
                .readResponse()
                .status();
        int wrongType = connection
                .send(requestHead("POST", "/api/generation", "Content-Type: text/plain\r\nContent-Length: 4\r\n"))
                .send(utf8Bytes("text"))
                .readResponse()
                .status();
        int unknown = connection
                .send(requestHead("POST", "/nowhere", "Content-Length: 4\r\n"))
                .send(utf8Bytes("text"))
                .readResponse()
                .status();
        int valid = connection
                .send(head(BODY.length()))
                .send(utf8Bytes(BODY))
                .readResponse()
                .status();

        // then
        assertThat(List.of(tooLarge, wrongType, unknown, valid)).containsExactly(413, 415, 404, 202);
        // Waits for all generations, because the other tests compare tables.
        Awaitility.await()
                .atMost(TIMEOUT)
                .until(() -> TestPostgres.query(service.database(), "SELECT count(*) FROM generation_queue")
                        .equals(List.of("0")));
    }

    private RawHttpClient connect() {
        RawHttpClient connection = new RawHttpClient(service.darkroom().api());
        connections.add(connection);
        return connection;
    }

    /** Creates an image that exceeds the buffers between server and client. Returns its path. */
    private static String largeImagePath(int bytes) throws IOException {
        JsonObject ended = service.client().awaitEnd(service.client().create("a large image"));
        String path = URI.create(ended.getJsonArray("imageUrls").getString(0)).getPath();
        String where = " WHERE generation_id = '" + ended.getString("id") + "'";
        String key = TestPostgres.query(service.database(), "SELECT storage_key FROM images" + where)
                .get(0);
        Files.write(service.directory().resolve("data/images").resolve(key), new byte[bytes]);
        TestPostgres.execute(service.database(), "UPDATE images SET bytes = " + bytes + where);
        return path;
    }

    private static boolean isClosedAfterSending(RawHttpClient connection, byte[] more) {
        try {
            connection.send(more);
            return false;
        } catch (UncheckedIOException e) {
            return true;
        }
    }

    private static String prompt(String text) {
        return new JsonObject().put("prompt", text).encode();
    }

    private static byte[] head(int length) {
        return requestHead(
                "POST", "/api/generation", "Content-Type: application/json\r\nContent-Length: " + length + "\r\n");
    }
}
