package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.DarkroomInstance;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.InProcessDarkroom;
import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two services, each with four verticles of every kind, on one database, one picture directory and one AI server. */
class MultipleInstancesIT {
    private static final int GENERATIONS = 40;

    @TempDir
    static Path directory;

    private static DatabaseUrl database;
    private static InProcessSimulator inProcessSimulator;
    private static DarkroomInstance left;
    private static DarkroomInstance right;

    @BeforeAll
    static void start() {
        database = TestPostgres.migratedDatabase();
        inProcessSimulator = new InProcessSimulator(Duration.ofMillis(100));
        left = service("left");
        right = service("right");
    }

    private static DarkroomInstance service(String name) {
        Path own = directory.resolve(name);
        assertThat(own.toFile().mkdir()).isTrue();
        return InProcessDarkroom.start(
                own,
                DarkroomInstanceSettings.forTests()
                        .database(database)
                        .aiServer(inProcessSimulator)
                        .with("DARKROOM_API_INSTANCES", "4")
                        .with("DARKROOM_GENERATION_INSTANCES", "4")
                        .with("DARKROOM_WORKER_CONCURRENCY", "4")
                        .with("DARKROOM_IMAGE_DIR", directory.resolve("images").toString()));
    }

    @AfterAll
    static void stop() {
        left.close();
        right.close();
        inProcessSimulator.close();
    }

    @BeforeEach
    void wellAiServer() {
        inProcessSimulator.reset();
    }

    private static List<String> submit(int count) {
        List<String> ids = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            JsonObject request = new JsonObject()
                    .put("prompt", "one of many " + i)
                    .put("width", 64)
                    .put("height", 64);
            ApiClient client = (i % 2 == 0 ? left : right).client();
            ids.add(client.create(request).getString("id"));
        }
        return ids;
    }

    @Test
    void theWorkIsSharedAndDoneOnce() {
        // when
        List<String> ids = submit(GENERATIONS);
        List<JsonObject> ended = ids.stream().map(right.client()::awaitEnd).toList();

        // then
        assertThat(ended)
                .extracting(generation -> generation.getString("status"))
                .containsOnly("COMPLETE");
        assertThat(ended)
                .extracting(generation -> generation.getInteger("failedAttempts"))
                .containsOnly(0);
        assertThat(inProcessSimulator.recordedRequests())
                .extracting(request -> request.getString("key"))
                .containsExactlyInAnyOrderElementsOf(ids);
        List<String> shares = TestPostgres.query(
                database,
                "SELECT count(*) FROM generation_attempts WHERE generation_id IN ('" + String.join("', '", ids)
                        + "') GROUP BY node_id");
        assertThat(shares)
                .hasSize(2)
                .allSatisfy(share -> assertThat(Integer.parseInt(share)).isGreaterThan(GENERATIONS / 10));
    }

    @Test
    void eitherServiceTellsOfEverything() {
        // given
        List<String> ids = submit(6);
        ids.forEach(left.client()::awaitEnd);

        // then but for the address under which each is asked
        for (String id : ids) {
            JsonObject seenLeft = left.client().generation(id);
            JsonObject seenRight = right.client().generation(id);
            byte[] pictureLeft = picture(left, seenLeft);
            byte[] pictureRight = picture(right, seenRight);
            assertThat(pictureLeft).isEqualTo(pictureRight);
            for (JsonObject seen : List.of(seenLeft, seenRight)) {
                seen.remove("imageUrls");
                seen.getJsonArray("images").getJsonObject(0).remove("url");
            }
            assertThat(seenLeft).isEqualTo(seenRight);
        }
    }

    private static byte[] picture(DarkroomInstance service, JsonObject generation) {
        URI url = URI.create(generation.getJsonArray("imageUrls").getString(0));
        assertThat(url.toString()).startsWith(service.api().toString());
        return service.client().get(url.getPath()).body();
    }

    @Test
    void everySubmissionIsAnsweredWhoeverAsksWhereverAtOnce() {
        // given many clients at once
        List<Thread> threads = new ArrayList<>();
        List<String> ids = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            threads.add(new Thread(() -> {
                List<String> mine = submit(2);
                synchronized (ids) {
                    ids.addAll(mine);
                }
            }));
        }

        // when
        threads.forEach(Thread::start);
        threads.forEach(MultipleInstancesIT::join);

        // then
        assertThat(ids).hasSize(16).doesNotHaveDuplicates();
        assertThat(ids)
                .extracting(id -> left.client().awaitEnd(id).getString("status"))
                .containsOnly("COMPLETE");
    }

    private static void join(Thread thread) {
        try {
            thread.join(30_000);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
