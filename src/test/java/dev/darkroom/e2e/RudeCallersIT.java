package dev.darkroom.e2e;

import static dev.darkroom.testing.RawHttp.request;
import static dev.darkroom.testing.RawHttp.utf8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.DarkroomExtension;
import dev.darkroom.testing.ApiClient.Answer;
import dev.darkroom.testing.DarkroomSettings;
import dev.darkroom.testing.RawHttp;
import dev.darkroom.testing.Rows;
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

/** Callers who dawdle, leave in the middle or do not stop: they harm nobody but themselves. */
class RudeCallersIT {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String BODY = "{\"prompt\":\"slowly does it\"}";

    @RegisterExtension
    static final DarkroomExtension service = new DarkroomExtension(DarkroomSettings.quick()
            .with("DARKROOM_HTTP_IDLE_TIMEOUT", "8s")
            .with("DARKROOM_GENERATION_MAX_WAIT", "2s"));

    private final List<RawHttp> connections = new ArrayList<>();

    @AfterEach
    void nothingIsOurFault() {
        connections.forEach(RawHttp::close);
        assertThat(service.darkroom().log()).noneMatch(line -> line.startsWith("ERROR") || line.contains(" ERROR "));
    }

    @Test
    void aBodyMayArriveByteByByteWhileOthersAreServed() {
        // given
        RawHttp slow = connect().send(head(BODY.length()));

        // when
        List<Integer> others = new ArrayList<>();
        for (byte each : utf8(BODY)) {
            slow.send(new byte[] {each});
            others.add(service.client().get("/openapi.yaml").status());
        }
        Answer answer = slow.read();

        // then
        assertThat(answer.status()).isEqualTo(202);
        assertThat(others).containsOnly(200);
    }

    @Test
    void manyHalfRequestsKeepNobodyFromBeingServed() {
        // given
        for (int i = 0; i < 200; i++) {
            connect().send(head(1_000)).send(utf8("{\"prompt\":"));
        }

        // when
        JsonObject ended = service.client().awaitEnd(service.client().create("meanwhile"));

        // then
        assertThat(ended.getString("status")).isEqualTo("COMPLETE");
    }

    @Test
    void aConnectionOnWhichNothingMovesIsClosed() {
        // given
        List<String> before = Rows.of(service.database());
        RawHttp stuck = connect().send(head(1_000)).send(utf8("{\"prompt\":"));

        // then
        assertThat(stuck.isClosed()).isTrue();
        assertThat(Rows.of(service.database())).isEqualTo(before);
    }

    @Test
    void whoLeavesBeforeTheRequestIsWholeHasAskedForNothing() {
        // given
        List<String> before = Rows.of(service.database());

        // when
        for (int i = 0; i < 50; i++) {
            connect().send(head(BODY.length())).send(utf8(BODY.substring(0, i % BODY.length())));
            connections.get(i).close();
        }

        // then
        assertThat(service.client().get("/openapi.yaml").status()).isEqualTo(200);
        assertThat(Rows.of(service.database())).isEqualTo(before);
    }

    @Test
    void whoLeavesBeforeTheAnswerHasAskedAllTheSame() {
        // given
        String prompt = "nobody waits for this";

        // when
        connect()
                .send(head(utf8(prompt(prompt)).length))
                .send(utf8(prompt(prompt)))
                .close();

        // then
        Awaitility.await()
                .atMost(PATIENCE)
                .until(() -> TestPostgres.query(
                                service.database(), "SELECT status FROM generations WHERE prompt = '" + prompt + "'")
                        .equals(List.of("COMPLETE")));
    }

    @Test
    void whoLeavesInTheMiddleOfAPictureLeavesTheOthersAlone() throws Exception {
        // given
        int bytes = 20_000_000;
        String path = pictureOf(bytes);

        // when
        for (int i = 0; i < 20; i++) {
            connect().send(request("GET", path, ""));
            connections.get(i).close();
        }

        // then
        assertThat(service.client().get(path).body()).hasSize(bytes);
        Awaitility.await()
                .during(Duration.ofMillis(500))
                .atMost(PATIENCE)
                .until(() -> service.darkroom().log().stream().noneMatch(line -> line.contains("cannot be read")));
    }

    @Test
    void aBodyWithoutEndIsAnsweredAndCutOff() {
        // given
        byte[] chunk = utf8("4000\r\n" + " ".repeat(0x4000) + "\r\n");
        RawHttp endless = connect()
                .send(request(
                        "POST", "/api/generation", "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n"));
        for (int i = 0; i < 20; i++) {
            endless.send(chunk);
        }

        // when
        Answer answer = endless.read();

        // then
        assertThat(answer.status()).isEqualTo(413);
        Awaitility.await().atMost(PATIENCE).until(() -> isCutOff(endless, chunk));
    }

    @Test
    void afterARefusalTheConnectionServesTheNextRequest() {
        // given
        RawHttp connection = connect();

        // when
        int tooLarge =
                connection.send(head(300_000)).send(new byte[300_000]).read().status();
        int wrongType = connection
                .send(request("POST", "/api/generation", "Content-Type: text/plain\r\nContent-Length: 4\r\n"))
                .send(utf8("text"))
                .read()
                .status();
        int unknown = connection
                .send(request("POST", "/nowhere", "Content-Length: 4\r\n"))
                .send(utf8("text"))
                .read()
                .status();
        int good = connection.send(head(BODY.length())).send(utf8(BODY)).read().status();

        // then
        assertThat(List.of(tooLarge, wrongType, unknown, good)).containsExactly(413, 415, 404, 202);
        // The other tests compare tables, so no generation may be left at work.
        Awaitility.await()
                .atMost(PATIENCE)
                .until(() -> TestPostgres.query(service.database(), "SELECT count(*) FROM generation_queue")
                        .equals(List.of("0")));
    }

    private RawHttp connect() {
        RawHttp connection = new RawHttp(service.darkroom().api());
        connections.add(connection);
        return connection;
    }

    /** The path of a picture that is too large for the buffers between the service and a caller. */
    private static String pictureOf(int bytes) throws IOException {
        JsonObject ended = service.client().awaitEnd(service.client().create("a large picture"));
        String path = URI.create(ended.getJsonArray("imageUrls").getString(0)).getPath();
        String where = " WHERE generation_id = '" + ended.getString("id") + "'";
        String key = TestPostgres.query(service.database(), "SELECT storage_key FROM images" + where)
                .get(0);
        Files.write(service.directory().resolve("data/images").resolve(key), new byte[bytes]);
        TestPostgres.execute(service.database(), "UPDATE images SET bytes = " + bytes + where);
        return path;
    }

    private static boolean isCutOff(RawHttp connection, byte[] more) {
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
        return request(
                "POST", "/api/generation", "Content-Type: application/json\r\nContent-Length: " + length + "\r\n");
    }
}
