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

/**
 * Two processes, each with four instances of every verticle, that share a database, an image directory and an AI
 * server.
 */
class MultipleInstancesIT {
    private static final int GENERATIONS = 40;

    @TempDir
    static Path directory;

    private static DatabaseUrl database;
    private static InProcessSimulator inProcessSimulator;
    private static DarkroomInstance first;
    private static DarkroomInstance second;

    @BeforeAll
    static void start() {
        database = TestPostgres.migratedDatabase();
        inProcessSimulator = new InProcessSimulator(Duration.ofMillis(100));
        first = startNode("first");
        second = startNode("second");
    }

    private static DarkroomInstance startNode(String name) {
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
        first.close();
        second.close();
        inProcessSimulator.close();
    }

    @BeforeEach
    void resetAiServer() {
        inProcessSimulator.reset();
    }

    private static List<String> submit(int count) {
        List<String> ids = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            JsonObject request = new JsonObject()
                    .put("prompt", "one of many " + i)
                    .put("width", 64)
                    .put("height", 64);
            ApiClient client = (i % 2 == 0 ? first : second).client();
            ids.add(client.create(request).getString("id"));
        }
        return ids;
    }

    @Test
    void sharesWorkAndRunsItOnce() {
        // when
        List<String> ids = submit(GENERATIONS);
        List<JsonObject> ended = ids.stream().map(second.client()::awaitEnd).toList();

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
    void bothProcessesReturnSameGenerations() {
        // given
        List<String> ids = submit(6);
        ids.forEach(first.client()::awaitEnd);

        // then both return the same, except for the URLs
        for (String id : ids) {
            JsonObject fromFirst = first.client().generation(id);
            JsonObject fromSecond = second.client().generation(id);
            byte[] firstImage = downloadImage(first, fromFirst);
            byte[] secondImage = downloadImage(second, fromSecond);
            assertThat(firstImage).isEqualTo(secondImage);
            for (JsonObject generation : List.of(fromFirst, fromSecond)) {
                generation.remove("imageUrls");
                generation.getJsonArray("images").getJsonObject(0).remove("url");
            }
            assertThat(fromFirst).isEqualTo(fromSecond);
        }
    }

    private static byte[] downloadImage(DarkroomInstance node, JsonObject generation) {
        URI url = URI.create(generation.getJsonArray("imageUrls").getString(0));
        assertThat(url.toString()).startsWith(node.api().toString());
        return node.client().get(url.getPath()).body();
    }

    @Test
    void completesConcurrentSubmissionsToBothProcesses() {
        // given many clients at once
        List<Thread> threads = new ArrayList<>();
        List<String> ids = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            threads.add(new Thread(() -> {
                List<String> submitted = submit(2);
                synchronized (ids) {
                    ids.addAll(submitted);
                }
            }));
        }

        // when
        threads.forEach(Thread::start);
        threads.forEach(MultipleInstancesIT::join);

        // then
        assertThat(ids).hasSize(16).doesNotHaveDuplicates();
        assertThat(ids)
                .extracting(id -> first.client().awaitEnd(id).getString("status"))
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
