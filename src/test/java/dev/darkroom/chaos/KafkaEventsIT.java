package dev.darkroom.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.ApiClient.ApiResponse;
import dev.darkroom.testing.DarkroomFleet;
import dev.darkroom.testing.DarkroomInstanceProcess;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.TestApiKeys;
import dev.darkroom.testing.TestPostgres;
import dev.darkroom.testing.kafka.KafkaServer;
import io.vertx.core.json.JsonObject;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Kills and restarts a real broker, and the processes that publish to it, while generations end. */
@Tag("kafka")
@Timeout(1_800)
class KafkaEventsIT {
    private static final String TOPIC = "darkroom.events";
    private static final int GENERATIONS = Integer.getInteger("darkroom.kafka.generations", 3_000);
    private static final int USERS = 12;
    private static final Duration RECOVERY = Duration.ofMinutes(5);

    @TempDir
    Path directory;

    @Test
    void losesNoEventAndKeepsTheOrderOfEachUser() throws Exception {
        DatabaseUrl database = TestPostgres.migratedDatabase();
        List<String> users =
                IntStream.range(0, USERS).mapToObj(i -> "user-" + i).toList();
        List<String> keys = TestApiKeys.create(database, users);
        try (KafkaServer broker = new KafkaServer(directory);
                InProcessSimulator aiServer = new InProcessSimulator(Duration.ZERO)) {
            // given an AI server that fails some generations for good, and two processes
            broker.start();
            broker.createTopic(TOPIC, 3);
            aiServer.script(new JsonObject()
                    .put("times", -1)
                    .put("random", new JsonObject().put("failurePercent", 10).put("seed", 1)));
            DarkroomInstanceSettings settings = DarkroomInstanceSettings.forTests()
                    .smallProcess()
                    .shortLeases()
                    .database(database)
                    .aiServer(aiServer)
                    .with("DARKROOM_SIMULATOR_LATENCY", "1ms")
                    .with("DARKROOM_RETRY_MAX_ATTEMPTS", "1")
                    .with("DARKROOM_KAFKA_BOOTSTRAP_SERVERS", broker.bootstrapServers());
            ExecutorService senders = Executors.newFixedThreadPool(USERS);
            try (DarkroomFleet fleet = new DarkroomFleet(directory, 2, settings)) {
                Awaitility.await("events are recorded")
                        .atMost(RECOVERY)
                        .until(() -> !TestPostgres.query(
                                        database, "SELECT name FROM event_publication WHERE publisher IS NOT NULL")
                                .isEmpty());
                Instant begin = Instant.now();

                // when
                List<Future<?>> load = new ArrayList<>();
                for (String key : keys) {
                    load.add(senders.submit(() -> createGenerations(fleet, key, GENERATIONS / USERS)));
                }
                awaitEnded(database, load, GENERATIONS / 5);
                broker.kill();
                long published = publishedCount(database);
                awaitEnded(database, load, GENERATIONS * 2 / 5);
                broker.start();
                awaitPublished(database, published);
                int victim = publisherPlace(database, fleet);
                fleet.kill(victim);
                fleet.launch(victim);
                fleet.awaitReady(victim);
                awaitEnded(database, load, GENERATIONS * 3 / 5);
                broker.stop();
                awaitEnded(database, load, GENERATIONS * 4 / 5);
                broker.start();
                for (Future<?> sender : load) {
                    sender.get();
                }
                Instant lastCreated = Instant.now();
                Awaitility.await("all generations ended and all events published")
                        .atMost(RECOVERY)
                        .untilAsserted(() -> {
                            assertThat(TestPostgres.query(database, "SELECT count(*) FROM generation_queue"))
                                    .containsExactly("0");
                            assertThat(TestPostgres.query(database, "SELECT count(*) FROM event_outbox"))
                                    .containsExactly("0");
                        });

                // then
                List<ConsumerRecord<String, String>> records = broker.readAll(TOPIC, "read_committed");
                assertEachNotificationPublished(database, records);
                assertOrderOfUsers(records);
                List<ConsumerRecord<String, String>> all = broker.readAll(TOPIC, "read_uncommitted");
                System.out.printf(
                        "kafka: %d generations in %d s, %d s to publish the rest; %s; %d records, %d duplicates, %d of aborted transactions%n",
                        GENERATIONS,
                        Duration.between(begin, lastCreated).toSeconds(),
                        Duration.between(lastCreated, Instant.now()).toSeconds(),
                        TestPostgres.query(
                                database,
                                "SELECT count(*) || ' x ' || (data->>'status') FROM notifications GROUP BY data->>'status' ORDER BY 1"),
                        records.size(),
                        records.size() - notificationCount(database),
                        all.size() - records.size());
                for (DarkroomInstanceProcess process : fleet.allProcesses()) {
                    assertThat(process.log()).noneMatch(line -> line.contains(" ERROR ") || line.startsWith("\tat "));
                }
            } finally {
                senders.shutdownNow();
            }
        }
    }

    private static void createGenerations(DarkroomFleet fleet, String key, int count) {
        int created = 0;
        while (created < count) {
            ApiClient client = fleet.randomClient();
            if (client == null) {
                continue;
            }
            try {
                ApiResponse response = client.withKey(key).post("{\"prompt\": \"A lighthouse\"}");
                assertThat(response.status()).as(response::text).isIn(202, 503);
                if (response.status() == 202) {
                    created++;
                    if (created % 20 == 0) {
                        client.withKey(key).cancel(response.json().getString("id"));
                    }
                }
            } catch (UncheckedIOException e) {
                // The process was killed.
            }
        }
    }

    private static int notificationCount(DatabaseUrl database) {
        return Integer.parseInt(TestPostgres.query(database, "SELECT count(*) FROM notifications")
                .get(0));
    }

    /** Every notification has an event or a row in the outbox. */
    private static long publishedCount(DatabaseUrl database) {
        return Long.parseLong(TestPostgres.query(
                        database, "SELECT (SELECT count(*) FROM notifications) - (SELECT count(*) FROM event_outbox)")
                .get(0));
    }

    private static void awaitPublished(DatabaseUrl database, long before) {
        Awaitility.await("more events published").atMost(RECOVERY).until(() -> publishedCount(database) > before);
    }

    private static void awaitEnded(DatabaseUrl database, List<Future<?>> load, int ends) {
        Awaitility.await("generations ended")
                .atMost(RECOVERY)
                .failFast("a sender failed", () -> load.stream().anyMatch(KafkaEventsIT::failed))
                .until(() -> notificationCount(database) >= ends);
    }

    private static boolean failed(Future<?> sender) {
        try {
            if (sender.isDone()) {
                sender.get();
            }
            return false;
        } catch (InterruptedException | ExecutionException e) {
            System.out.println("kafka: " + e);
            return true;
        }
    }

    private static int publisherPlace(DatabaseUrl database, DarkroomFleet fleet) {
        return Awaitility.await("a process publishes")
                .atMost(RECOVERY)
                .until(
                        () ->
                                TestPostgres.query(
                                                database,
                                                "SELECT publisher FROM event_publication WHERE publisher IS NOT NULL")
                                        .stream()
                                        .flatMap(node -> fleet.placeOfNode(node).stream())
                                        .findFirst(),
                        found -> found.isPresent())
                .orElseThrow();
    }

    private static void assertEachNotificationPublished(
            DatabaseUrl database, List<ConsumerRecord<String, String>> records) {
        Map<String, String> valuesById = new HashMap<>();
        for (ConsumerRecord<String, String> each : records) {
            JsonObject event = new JsonObject(each.value());
            assertThat(event.getString("partitionkey")).isEqualTo(each.key());
            String before = valuesById.put(event.getString("id"), each.value());
            assertThat(before).as("value of a duplicate").isIn(null, each.value());
        }
        Set<String> notifications =
                new HashSet<>(TestPostgres.query(database, "SELECT id FROM notifications ORDER BY id"));
        assertThat(notifications).hasSizeGreaterThanOrEqualTo(GENERATIONS / USERS * USERS);
        assertThat(valuesById.keySet()).as("ids of the events").isEqualTo(notifications);
    }

    /** The first occurrences of the events of a user are 1, 2, 3 ..., in one partition. */
    private static void assertOrderOfUsers(List<ConsumerRecord<String, String>> records) {
        Map<String, Long> lastSeq = new HashMap<>();
        Map<String, Integer> partitions = new HashMap<>();
        for (ConsumerRecord<String, String> each : records) {
            long seq = Long.parseLong(new JsonObject(each.value()).getString("sequence"));
            long last = lastSeq.getOrDefault(each.key(), 0L);
            assertThat(seq).as("sequence of %s", each.key()).isLessThanOrEqualTo(last + 1);
            lastSeq.put(each.key(), Math.max(seq, last));
            assertThat(partitions.putIfAbsent(each.key(), each.partition())).isIn(null, each.partition());
        }
        assertThat(lastSeq).hasSize(USERS);
    }
}
