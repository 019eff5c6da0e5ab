package dev.darkroom.eventbus.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.hazelcast.core.Hazelcast;
import com.hazelcast.core.HazelcastInstance;
import dev.darkroom.config.Settings;
import dev.darkroom.config.TestSettings;
import dev.darkroom.generation.GenerationBus;
import dev.darkroom.testing.ClusterClient;
import dev.darkroom.testing.FreePort;
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

/** The bridge between the local and the clustered event bus, without the verticles of a service. */
@Timeout(240)
class ClusterVerticleTest {
    private static final String EVENTS = "some.events";

    private final Vertx first = Vertx.vertx();
    private final Vertx second = Vertx.vertx();
    private final int firstPort = FreePort.find();
    private final int secondPort = FreePort.find();

    @AfterEach
    void close() throws Exception {
        first.close().await(60, TimeUnit.SECONDS);
        second.close().await(60, TimeUnit.SECONDS);
    }

    private static Settings.Cluster settings(int port, Integer... members) {
        List<String> addresses =
                Stream.of(members).map(member -> "127.0.0.1:" + member).toList();
        return TestSettings.with(
                TestSettings.DEFAULTS.cluster(), "enabled", true, "port", port, "busPort", 0, "members", addresses);
    }

    private static Settings.Cluster withDnsLookup(String host, int port) {
        return TestSettings.with(
                TestSettings.DEFAULTS.cluster(),
                "enabled",
                true,
                "host",
                host,
                "port",
                port,
                "busPort",
                0,
                "kubernetesService",
                "localhost");
    }

    private static void deploy(Vertx vertx, boolean handlesCommands, Settings.Cluster settings) throws Exception {
        vertx.deployVerticle(new ClusterVerticle(settings, List.of(EVENTS), handlesCommands, Duration.ofMillis(300)))
                .await(60, TimeUnit.SECONDS);
    }

    private static BlockingQueue<Message<JsonObject>> listen(Vertx vertx) {
        BlockingQueue<Message<JsonObject>> received = new LinkedBlockingQueue<>();
        vertx.eventBus().<JsonObject>localConsumer(EVENTS, received::add);
        return received;
    }

    private static void replyWith(Vertx vertx, String name) {
        vertx.eventBus()
                .<JsonObject>localConsumer(
                        GenerationBus.COMMANDS,
                        command -> command.reply(new JsonObject()
                                .put("by", name)
                                .put("action", command.headers().get("action"))
                                .put("body", command.body())));
    }

    @Test
    void forwardsCommandsToHandlersAndEventsToAllMembersOnce() throws Exception {
        // given a first process that handles no commands
        deploy(first, false, settings(firstPort));
        deploy(second, true, settings(secondPort, firstPort));
        replyWith(first, "first");
        replyWith(second, "second");
        BlockingQueue<Message<JsonObject>> receivedByFirst = listen(first);
        BlockingQueue<Message<JsonObject>> receivedBySecond = listen(second);
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
            assertThat(numbers(receivedByFirst, 10)).containsExactlyInAnyOrder(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
            assertThat(numbers(receivedBySecond, 10)).containsExactlyInAnyOrder(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
            // and a duplicate event would have arrived before the reply to another command
            client.command("get", body);
            assertThat(receivedByFirst).isEmpty();
            assertThat(receivedBySecond).isEmpty();
        }
    }

    @Test
    void findsMembersByDnsName() throws Exception {
        // given
        deploy(first, false, withDnsLookup("127.0.0.1", firstPort));

        // when
        deploy(second, false, withDnsLookup("127.0.0.2", firstPort));

        // then
        try (ClusterClient client = ClusterClient.join(firstPort)) {
            assertThat(client.members()).isEqualTo(3);
        }
    }

    private static List<Integer> numbers(BlockingQueue<Message<JsonObject>> received, int count) {
        Awaitility.await("events").atMost(Duration.ofSeconds(60)).until(() -> received.size() >= count);
        List<Message<JsonObject>> messages = new ArrayList<>();
        received.drainTo(messages);
        return messages.stream()
                .map(message -> message.body().getInteger("number"))
                .toList();
    }

    @Test
    void localBusSurvivesEndOfHazelcastAndClusterIsJoinedAgain() throws Exception {
        // given
        deploy(first, true, settings(firstPort));
        BlockingQueue<Message<JsonObject>> received = listen(first);

        // when no verticle handles commands
        try (ClusterClient client = ClusterClient.join(firstPort)) {
            JsonObject error = client.command("get", new JsonObject()).getJsonObject("error");
            assertThat(error.getString("code")).isEqualTo("UNAVAILABLE");
        }

        // when
        HazelcastInstance member = Hazelcast.getAllHazelcastInstances().stream()
                .filter(instance ->
                        instance.getCluster().getLocalMember().getAddress().getPort() == firstPort)
                .findFirst()
                .orElseThrow();
        member.getLifecycleService().terminate();
        replyWith(first, "first");
        first.eventBus().publish(EVENTS, new JsonObject().put("number", 1));

        // then
        assertThat(numbers(received, 1)).containsExactly(1);
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
