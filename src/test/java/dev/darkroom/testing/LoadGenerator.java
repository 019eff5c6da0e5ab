package dev.darkroom.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.testing.ApiClient.ApiResponse;
import io.vertx.core.json.JsonObject;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.awaitility.Awaitility;

/**
 * Callers who do not care how the service is: POSTs at a steady rate, a GET after every fourth, and who waited too long for an
 * answer hurries with the next ones. Keeps what they were told: an end that one of them has seen is the end that all of them see.
 */
public final class LoadGenerator implements AutoCloseable {
    /** {@code api.replyTimeout}, and what a machine with other things to do may add. */
    private static final Duration MAX_RESPONSE_TIME = Duration.ofSeconds(8 + 4);

    private static final int THREADS = 40;

    /** So many different images are asked for, each known by its prompt and seed. */
    private static final int PROMPT_VARIANTS = 64;

    private final ScheduledExecutorService callers = Executors.newScheduledThreadPool(THREADS);
    private final List<String> acceptedIds = new ArrayList<>();
    private final List<String> unexpected = new ArrayList<>();
    private final Map<String, String> finishedStatuses = new HashMap<>();
    private final Supplier<ApiClient> clientSupplier;
    private final boolean toleratesConnectionErrors;
    private int sent;
    private int connectionErrors;
    private int found;
    private int refused;
    private Duration slowestResponse = Duration.ZERO;

    /** Starts at once, but for a first request that shows the callers how to read answers, which takes its time. */
    public LoadGenerator(ApiClient client, int postsPerSecond) {
        this(() -> client, false, postsPerSecond);
    }

    /** The same with a fleet whose processes die: each request goes to somebody, and its connection may break. */
    public LoadGenerator(DarkroomFleet darkroomFleet, int postsPerSecond) {
        this(darkroomFleet::randomClient, true, postsPerSecond);
    }

    private LoadGenerator(Supplier<ApiClient> clients, boolean serversDie, int postsPerSecond) {
        this.clientSupplier = clients;
        this.toleratesConnectionErrors = serversDie;
        clients.get().create("A lighthouse before the load");
        long pause = TimeUnit.SECONDS.toNanos(1) / postsPerSecond;
        for (int i = 0; i < THREADS; i++) {
            callers.scheduleAtFixedRate(this::sendNext, i * pause, THREADS * pause, TimeUnit.NANOSECONDS);
        }
    }

    private void sendNext() {
        post();
        if (ThreadLocalRandom.current().nextInt(4) == 0) {
            get();
        }
    }

    private void post() {
        synchronized (this) {
            sent++;
        }
        String body = body(ThreadLocalRandom.current().nextInt(PROMPT_VARIANTS));
        ApiResponse apiResponse = measure(client -> client.post(body));
        if (apiResponse != null && apiResponse.status() == 202) {
            synchronized (this) {
                acceptedIds.add(apiResponse.json().getString("id"));
            }
        } else {
            refused(apiResponse);
        }
    }

    private static String body(int motif) {
        return new JsonObject()
                .put("prompt", "A lighthouse under load, seen from " + motif)
                .put("seed", motif)
                .put("width", 64)
                .put("height", 64)
                .encode();
    }

    private void get() {
        String id;
        synchronized (this) {
            if (acceptedIds.isEmpty()) {
                return;
            }
            // Half of them ask for one of the newest, which may end just now.
            int among =
                    ThreadLocalRandom.current().nextBoolean() ? Math.min(40, acceptedIds.size()) : acceptedIds.size();
            id = acceptedIds.get(
                    acceptedIds.size() - 1 - ThreadLocalRandom.current().nextInt(among));
        }
        ApiResponse apiResponse = measure(client -> client.get("/api/generation/" + id));
        if (apiResponse != null && apiResponse.status() == 200) {
            found(id, apiResponse);
        } else {
            refused(apiResponse);
        }
    }

    private synchronized void found(String id, ApiResponse apiResponse) {
        found++;
        if (!apiResponse.json().getString("status").equals("PENDING")) {
            // Each process has an address of its own.
            String end = apiResponse.text().replaceAll("http://127\\.0\\.0\\.1:\\d+", "");
            String before = finishedStatuses.putIfAbsent(id, end);
            if (before != null && !before.equals(end)) {
                unexpected.add("two ends: " + before + " and " + end);
            }
        }
    }

    private interface Request {
        ApiResponse send(ApiClient client);
    }

    private ApiResponse measure(Request request) {
        ApiClient client = clientSupplier.get();
        if (client == null) {
            return null;
        }
        long started = System.nanoTime();
        try {
            return request.send(client);
        } catch (UncheckedIOException e) {
            synchronized (this) {
                connectionErrors++;
                if (!toleratesConnectionErrors) {
                    unexpected.add(String.valueOf(e));
                }
            }
            return null;
        } catch (RuntimeException | AssertionError e) {
            synchronized (this) {
                unexpected.add(String.valueOf(e));
            }
            return null;
        } finally {
            Duration took = Duration.ofNanos(System.nanoTime() - started);
            synchronized (this) {
                slowestResponse = took.compareTo(slowestResponse) > 0 ? took : slowestResponse;
            }
        }
    }

    private synchronized void refused(ApiResponse apiResponse) {
        if (apiResponse == null) {
            return;
        }
        if (apiResponse.status() == 503 && apiResponse.header("Retry-After") != null) {
            refused++;
        } else {
            unexpected.add(apiResponse.status() + " " + apiResponse.headers() + " " + apiResponse.text());
        }
    }

    /** The ids of all generations for which a caller got a 202. */
    public synchronized List<String> acceptedIds() {
        return List.copyOf(acceptedIds);
    }

    /** How many POSTs and GETs got a 503 that says when to come again. */
    public synchronized int refused() {
        return refused;
    }

    /**
     * After {@link #close}: callers got a 202, a 200, or a 503 that says when to come again, nothing else, and nobody waited
     * for longer than the service allows itself.
     */
    public synchronized void assertAllWereAnswered() {
        assertThat(unexpected)
                .as("other answers, broken connections, answers outside the contract")
                .isEmpty();
        assertThat(slowestResponse).as("the longest wait for an answer").isLessThan(MAX_RESPONSE_TIME);
    }

    /** Waits until nothing is left to do; then every generation for which a caller got a 202 is COMPLETE. */
    public void assertAllAcceptedComplete(DatabaseUrl database, Duration atMost) {
        assertAllAcceptedEnded(database, atMost, Set.of("COMPLETE"));
    }

    /**
     * Waits until nothing is left to do; then every generation for which a caller got a 202 has ended in one of these ways,
     * and in the one that callers were told of, with images that belong to its prompt.
     */
    public void assertAllAcceptedEnded(DatabaseUrl database, Duration atMost, Set<String> statuses) {
        Awaitility.await("the queue is empty")
                .atMost(atMost)
                .pollInterval(Duration.ofMillis(200))
                .until(() -> TestPostgres.query(database, "SELECT 1 FROM generation_queue LIMIT 1")
                        .isEmpty());
        Map<String, String> ended = new HashMap<>();
        TestPostgres.query(database, "SELECT id || ' ' || status FROM generations")
                .forEach(row -> ended.put(row.split(" ")[0], row.split(" ")[1]));
        assertThat(acceptedIds().stream().filter(id -> !statuses.contains(ended.get(id))))
                .as("accepted and not ended in one of the ways " + statuses)
                .isEmpty();
        ImageContentAssertions.assertImagesBelongToTheirPrompts(database);
        synchronized (this) {
            assertThat(finishedStatuses.entrySet().stream()
                            .filter(end -> !new JsonObject(end.getValue())
                                    .getString("status")
                                    .equals(ended.get(end.getKey()))))
                    .as("ended otherwise than callers were told")
                    .isEmpty();
        }
    }

    @Override
    public synchronized String toString() {
        return "%d POSTs: %d x 202; %d x 200 of GETs, %d ends seen; %d x 503 and %d broken connections of both; slowest answer %d ms"
                .formatted(
                        sent,
                        acceptedIds.size(),
                        found,
                        finishedStatuses.size(),
                        refused,
                        connectionErrors,
                        slowestResponse.toMillis());
    }

    /** Sends no more, and waits until everything sent is answered. */
    @Override
    public void close() {
        callers.shutdown();
        try {
            if (!callers.awaitTermination(60, TimeUnit.SECONDS)) {
                throw new IllegalStateException("requests without an answer");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
