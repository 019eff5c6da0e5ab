package dev.darkroom.eventbus.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.hazelcast.core.Hazelcast;
import com.hazelcast.core.HazelcastInstance;
import dev.darkroom.config.Settings;
import dev.darkroom.generation.GenerationBus;
import dev.darkroom.testing.ClusterClient;
import io.vertx.core.Vertx;
import io.vertx.core.eventbus.Message;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The bridge between a process's own event bus and the cluster's, without a service behind it. */
@Timeout(60)
class ClusterVerticleTest {
    private static final String EVENTS = "some.events";

    private final Vertx first = Vertx.vertx();
    private final Vertx second = Vertx.vertx();
    private final int firstPort = ClusterClient.freePort();
    private final int secondPort = ClusterClient.freePort();

    @AfterEach
    void close() throws Exception {
        first.close().await(60, TimeUnit.SECONDS);
        second.close().await(60, TimeUnit.SECONDS);
    }

    private static Settings.Cluster settings(int port, Integer... members) {
        List<String> addresses =
                Stream.of(members).map(member -> "127.0.0.1:" + member).toList();
        return new Settings.Cluster(true, "127.0.0.1", port, 0, addresses, null, "darkroom");
    }

    private static Settings.Cluster lookedUp(String host, int port) {
        return new Settings.Cluster(true, host, port, 0, List.of(), "localhost", "darkroom");
    }

    private static void deploy(Vertx vertx, boolean answers, Settings.Cluster settings) throws Exception {
        vertx.deployVerticle(new ClusterVerticle(settings, List.of(EVENTS), answers, Duration.ofMillis(300)))
                .await(30, TimeUnit.SECONDS);
    }

    private static BlockingQueue<Message<JsonObject>> listen(Vertx vertx) {
        BlockingQueue<Message<JsonObject>> heard = new LinkedBlockingQueue<>();
        vertx.eventBus().<JsonObject>localConsumer(EVENTS, heard::add);
        return heard;
    }

    private static void answerWith(Vertx vertx, String name) {
        vertx.eventBus()
                .<JsonObject>localConsumer(
                        GenerationBus.COMMANDS,
                        command -> command.reply(new JsonObject()
                                .put("by", name)
                                .put("action", command.headers().get("action"))
                                .put("body", command.body())));
    }

    @Test
    void commandsFindWhoAnswersAndEventsReachEverybodyOnce() throws Exception {
        // given the first answers nothing
        deploy(first, false, settings(firstPort));
        deploy(second, true, settings(secondPort, firstPort));
        answerWith(first, "first");
        answerWith(second, "second");
        BlockingQueue<Message<JsonObject>> heardByFirst = listen(first);
        BlockingQueue<Message<JsonObject>> heardBySecond = listen(second);
        try (ClusterClient client = ClusterClient.join(firstPort)) {
            // when
            JsonObject body = new JsonObject().put("user", "ann");

            // then
            for (int i = 0; i < 5; i++) {
                assertThat(client.command("get", body))
                        .isEqualTo(new JsonObject()
                                .put("by", "second")
                                .put("action", "get")
                                .put("body", body));
            }

            // when
            for (int i = 0; i < 10; i++) {
                (i % 2 == 0 ? first : second).eventBus().publish(EVENTS, new JsonObject().put("number", i));
            }

            // then
            assertThat(numbers(heardByFirst, 10)).containsExactlyInAnyOrder(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
            assertThat(numbers(heardBySecond, 10)).containsExactlyInAnyOrder(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
            // and what went round would be here by the time of another answer
            client.command("get", body);
            assertThat(heardByFirst).isEmpty();
            assertThat(heardBySecond).isEmpty();
        }
    }

    @Test
    void membersAreFoundUnderANameOfTheDns() throws Exception {
        // given
        deploy(first, false, lookedUp("127.0.0.1", firstPort));

        // when
        deploy(second, false, lookedUp("127.0.0.2", firstPort));

        // then
        try (ClusterClient client = ClusterClient.join(firstPort)) {
            assertThat(client.members()).isEqualTo(3);
        }
    }

    private static List<Integer> numbers(BlockingQueue<Message<JsonObject>> heard, int count) {
        Awaitility.await("events").atMost(Duration.ofSeconds(60)).until(() -> heard.size() >= count);
        List<Message<JsonObject>> messages = new ArrayList<>();
        heard.drainTo(messages);
        return messages.stream()
                .map(message -> message.body().getInteger("number"))
                .toList();
    }

    @Test
    void whenHazelcastEndsTheServicesOwnBusGoesOnAndTheClusterIsJoinedAgain() throws Exception {
        // given
        deploy(first, true, settings(firstPort));
        BlockingQueue<Message<JsonObject>> heard = listen(first);

        // when nobody answers here
        try (ClusterClient client = ClusterClient.join(firstPort)) {
            JsonObject error = client.command("get", new JsonObject()).getJsonObject("error");
            assertThat(error.getString("code")).isEqualTo("UNAVAILABLE");
        }

        // when
        HazelcastInstance ours = Hazelcast.getAllHazelcastInstances().stream()
                .filter(instance ->
                        instance.getCluster().getLocalMember().getAddress().getPort() == firstPort)
                .findFirst()
                .orElseThrow();
        ours.getLifecycleService().terminate();
        answerWith(first, "first");
        first.eventBus().publish(EVENTS, new JsonObject().put("number", 1));

        // then
        assertThat(numbers(heard, 1)).containsExactly(1);
        try (ClusterClient client = joinWhenUp(firstPort)) {
            assertThat(client.command("get", new JsonObject()).getString("by")).isEqualTo("first");
        }
    }

    private static ClusterClient joinWhenUp(int port) {
        Awaitility.await("joined again").atMost(Duration.ofSeconds(60)).until(() -> isUp(port));
        return ClusterClient.join(port);
    }

    private static boolean isUp(int port) {
        return Hazelcast.getAllHazelcastInstances().stream()
                .anyMatch(instance -> instance.getLifecycleService().isRunning()
                        && instance.getCluster().getLocalMember().getAddress().getPort() == port);
    }
}
