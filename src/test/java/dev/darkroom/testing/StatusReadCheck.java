package dev.darkroom.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.testing.ApiClient.ApiResponse;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;

/**
 * Clients of several users that create generations on any node and read random ones on any node, while workers run them. Fails when a node
 * does not find an accepted generation, when a later read returns an earlier state, when two ends differ, or when a user sees the generation
 * of another. No verdict depends on speed.
 */
public final class StatusReadCheck {
    private static final int CLIENTS = 8;

    private final DatabaseUrl database;
    private final List<ApiClient> nodes;
    private final List<String> userKeys;
    private final Map<String, String> endedGenerations = new ConcurrentHashMap<>();

    /** @param nodes base URLs of nodes that require API keys */
    public StatusReadCheck(DatabaseUrl database, List<URI> nodes, int users) {
        this.database = database;
        this.nodes = nodes.stream().map(ApiClient::new).toList();
        this.userKeys = TestApiKeys.create(
                database, IntStream.range(0, users).mapToObj(i -> "user-" + i).toList());
    }

    /** Creates generations until there are this many, and reads until all have ended. Blocks. */
    public void run(int generations, Random random, Duration atMost) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(CLIENTS);
        try {
            List<Future<?>> clients = new ArrayList<>();
            for (int i = 0; i < CLIENTS; i++) {
                Client client = new Client(new Random(random.nextLong()), i);
                clients.add(threads.submit(() -> client.run(generations / CLIENTS)));
            }
            long deadline = System.nanoTime() + atMost.toNanos();
            for (Future<?> client : clients) {
                client.get(Math.max(1, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
            }
        } catch (ExecutionException e) {
            throw new AssertionError("a client failed", e.getCause());
        } catch (TimeoutException e) {
            throw new AssertionError("not all generations have ended within " + atMost, e);
        } finally {
            threads.shutdownNow();
        }
        assertThat(TestPostgres.query(database, "SELECT count(*) FROM generations WHERE status <> 'PENDING'"))
                .containsExactly(String.valueOf(endedGenerations.size()));
    }

    /** One thread. Owns its users and their generations, and checks that later responses are never older. */
    private final class Client {
        private final Random random;
        private final List<Integer> users;
        private final List<Created> unfinished = new ArrayList<>();
        private final Map<String, Seen> seen = new HashMap<>();

        private record Created(String id, int user) {}

        /**
         * Last response of a generation.
         *
         * @param ended whether it had ended
         */
        private record Seen(boolean ended, int failedAttempts, String etag) {}

        Client(Random random, int number) {
            this.random = random;
            this.users = IntStream.range(0, userKeys.size())
                    .filter(user -> user % CLIENTS == number % userKeys.size())
                    .boxed()
                    .toList();
        }

        void run(int generations) {
            int created = 0;
            while (created < generations || !unfinished.isEmpty()) {
                if (created < generations && (unfinished.isEmpty() || random.nextInt(4) == 0)) {
                    create();
                    created++;
                } else {
                    read();
                }
                if (random.nextInt(20) == 0) {
                    readCompleteOnes();
                }
            }
        }

        private ApiClient node(int user) {
            return nodes.get(random.nextInt(nodes.size())).withKey(userKeys.get(user));
        }

        private void create() {
            int user = users.get(random.nextInt(users.size()));
            String id = node(user).create("A pier");
            // The 202 is a promise of every node.
            for (ApiClient node : nodes) {
                check(id, node.withKey(userKeys.get(user)).get("/api/generation/" + id), false);
            }
            int other = (user + 1) % userKeys.size();
            if (other != user) {
                assertThat(node(other).get("/api/generation/" + id).status()).isEqualTo(404);
            }
            unfinished.add(new Created(id, user));
        }

        private void read() {
            int place = random.nextInt(unfinished.size());
            Created created = unfinished.get(place);
            boolean endKnown = endedGenerations.containsKey(created.id);
            Map<String, String> headers = random.nextBoolean()
                    ? Map.of("If-None-Match", seen.get(created.id).etag())
                    : Map.of();
            check(created.id, node(created.user).get("/api/generation/" + created.id, headers), endKnown);
            if (seen.get(created.id).ended()) {
                // Each node returns the same end.
                for (ApiClient node : nodes) {
                    check(
                            created.id,
                            node.withKey(userKeys.get(created.user)).get("/api/generation/" + created.id),
                            true);
                }
                unfinished.remove(place);
            }
        }

        /** A committed end is visible on every node at once. */
        private void readCompleteOnes() {
            Map<String, Integer> own = new HashMap<>();
            unfinished.forEach(created -> own.put(created.id, created.user));
            TestPostgres.query(database, "SELECT id FROM generations WHERE status <> 'PENDING'").stream()
                    .filter(own::containsKey)
                    .limit(3)
                    .forEach(id -> check(id, node(own.get(id)).get("/api/generation/" + id), true));
        }

        /** @param endKnown whether it had ended before the request was sent */
        private void check(String id, ApiResponse response, boolean endKnown) {
            Seen before = seen.get(id);
            if (response.status() == 304) {
                assertThat(endKnown && !before.ended())
                        .as("304 for an ended generation")
                        .isFalse();
                return;
            }
            assertThat(response.status()).as(response.text()).isEqualTo(200);
            JsonObject generation = response.json();
            boolean ended = !generation.getString("status").equals("PENDING");
            int failedAttempts = generation.getInteger("failedAttempts");
            assertThat(ended).as("ended, after it was seen as ended").isIn(true, endKnown);
            if (before != null) {
                assertThat(ended).as("ended, after " + before).isIn(true, before.ended());
                assertThat(failedAttempts)
                        .as("failed attempts, after " + before)
                        .isGreaterThanOrEqualTo(before.failedAttempts());
            }
            if (ended) {
                // URLs differ, since each node has its own port.
                String end = response.text().replaceAll("http://127\\.0\\.0\\.1:\\d+", "");
                String known = endedGenerations.putIfAbsent(id, end);
                assertThat(end).isEqualTo(known == null ? end : known);
            }
            seen.put(id, new Seen(ended, failedAttempts, response.header("ETag")));
        }
    }
}
