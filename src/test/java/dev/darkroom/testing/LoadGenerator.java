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
 * Sends POSTs at a steady rate, independently of responses, and a GET after every fourth on average. Delayed requests are caught
 * up. Records the responses: once a GET has returned a finished generation, later GETs must return the same.
 */
public final class LoadGenerator implements AutoCloseable {
    /** {@code api.replyTimeout}, plus four seconds for a busy machine. */
    private static final Duration MAX_RESPONSE_TIME = Duration.ofSeconds(8 + 4);

    private static final int THREADS = 40;

    /** Number of different combinations of prompt and seed. */
    private static final int PROMPT_VARIANTS = 64;

    private final ScheduledExecutorService senders = Executors.newScheduledThreadPool(THREADS);
    private final List<String> acceptedIds = new ArrayList<>();
    private final List<String> unexpectedResponses = new ArrayList<>();
    private final Map<String, String> finishedStatuses = new HashMap<>();
    private final Supplier<ApiClient> clientSupplier;
    private final boolean toleratesConnectionErrors;
    private int sent;
    private int connectionErrors;
    private int found;
    private int rejected;
    private Duration slowestResponse = Duration.ZERO;

    /** Starts after a first request, which loads classes and so takes longer. */
    public LoadGenerator(ApiClient client, int postsPerSecond) {
        this(() -> client, false, postsPerSecond);
    }

    /** Sends each request to a random process of a fleet. Tolerates connection errors, since processes are killed. */
    public LoadGenerator(DarkroomFleet darkroomFleet, int postsPerSecond) {
        this(darkroomFleet::randomClient, true, postsPerSecond);
    }

    private LoadGenerator(Supplier<ApiClient> clients, boolean toleratesConnectionErrors, int postsPerSecond) {
        this.clientSupplier = clients;
        this.toleratesConnectionErrors = toleratesConnectionErrors;
        clients.get().create("A lighthouse before the load");
        long pause = TimeUnit.SECONDS.toNanos(1) / postsPerSecond;
        for (int i = 0; i < THREADS; i++) {
            senders.scheduleAtFixedRate(this::sendNext, i * pause, THREADS * pause, TimeUnit.NANOSECONDS);
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
            rejected(apiResponse);
        }
    }

    private static String body(int variant) {
        return new JsonObject()
                .put("prompt", "A lighthouse under load, seen from " + variant)
                .put("seed", variant)
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
            // Half of the GETs read one of the 40 newest, which may finish at the same time.
            int candidates =
                    ThreadLocalRandom.current().nextBoolean() ? Math.min(40, acceptedIds.size()) : acceptedIds.size();
            id = acceptedIds.get(
                    acceptedIds.size() - 1 - ThreadLocalRandom.current().nextInt(candidates));
        }
        ApiResponse apiResponse = measure(client -> client.get("/api/generation/" + id));
        if (apiResponse != null && apiResponse.status() == 200) {
            found(id, apiResponse);
        } else {
            rejected(apiResponse);
        }
    }

    private synchronized void found(String id, ApiResponse apiResponse) {
        found++;
        if (!apiResponse.json().getString("status").equals("PENDING")) {
            // URLs differ, since each process has its own port.
            String end = apiResponse.text().replaceAll("http://127\\.0\\.0\\.1:\\d+", "");
            String before = finishedStatuses.putIfAbsent(id, end);
            if (before != null && !before.equals(end)) {
                unexpectedResponses.add("two outcomes: " + before + " and " + end);
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
                    unexpectedResponses.add(String.valueOf(e));
                }
            }
            return null;
        } catch (RuntimeException | AssertionError e) {
            synchronized (this) {
                unexpectedResponses.add(String.valueOf(e));
            }
            return null;
        } finally {
            Duration took = Duration.ofNanos(System.nanoTime() - started);
            synchronized (this) {
                slowestResponse = took.compareTo(slowestResponse) > 0 ? took : slowestResponse;
            }
        }
    }

    private synchronized void rejected(ApiResponse apiResponse) {
        if (apiResponse == null) {
            return;
        }
        if (apiResponse.status() == 503 && apiResponse.header("Retry-After") != null) {
            rejected++;
        } else {
            unexpectedResponses.add(apiResponse.status() + " " + apiResponse.headers() + " " + apiResponse.text());
        }
    }

    /** Returns the ids of all generations accepted with 202. */
    public synchronized List<String> acceptedIds() {
        return List.copyOf(acceptedIds);
    }

    /** Returns the number of requests rejected with 503 and {@code Retry-After}. */
    public synchronized int rejectedCount() {
        return rejected;
    }

    /**
     * Checks after {@link #close} that all statuses were 202, 200, or 503 with {@code Retry-After}, and that no response took
     * longer than {@link #MAX_RESPONSE_TIME}.
     */
    public synchronized void assertResponsesExpected() {
        assertStatusesExpected();
        assertThat(slowestResponse).as("slowest response").isLessThan(MAX_RESPONSE_TIME);
    }

    /** As {@link #assertResponsesExpected}, without a limit of time. */
    public synchronized void assertStatusesExpected() {
        assertThat(unexpectedResponses)
                .as("other statuses, broken connections, violations of the contract")
                .isEmpty();
    }

    /** Waiting and running generations, for the message of a failure; no row for an empty queue. */
    private static final String QUEUE_SUMMARY = """
            SELECT concat_ws(' ', count(*), CASE WHEN q.lease_owner IS NULL THEN 'waiting' WHEN n.id IS NULL THEN 'leased by a dead node'
                ELSE 'leased by a live node' END, 'oldest due since', min(run_at), 'job at', job_backend, 'now', now())
            FROM generation_queue q LEFT JOIN nodes n ON n.id = q.lease_owner AND n.expires_at > now()
            GROUP BY q.lease_owner IS NULL, n.id IS NULL, job_backend""";

    /** As {@link #assertAllAcceptedEnded}, with the status COMPLETE. */
    public void assertAllAcceptedComplete(DatabaseUrl database, Duration standstill) {
        assertAllAcceptedEnded(database, standstill, Set.of("COMPLETE"));
    }

    /**
     * Waits until the queue is empty; fails when no generation ends for {@code standstill}. Then checks that every accepted generation has one of the statuses, that responses showed
     * the same status, and that images match their prompts.
     */
    public void assertAllAcceptedEnded(DatabaseUrl database, Duration standstill, Set<String> statuses) {
        for (int queued = countQueued(database); queued > 0; queued = countQueued(database)) {
            int before = queued;
            Awaitility.await("a generation ends")
                    .atMost(standstill)
                    .pollInterval(Duration.ofMillis(200))
                    .untilAsserted(() -> assertThat(countQueued(database))
                            .as(() ->
                                    TestPostgres.query(database, QUEUE_SUMMARY).toString())
                            .isLessThan(before));
        }
        Map<String, String> ended = new HashMap<>();
        TestPostgres.query(database, "SELECT id || ' ' || status FROM generations")
                .forEach(row -> ended.put(row.split(" ")[0], row.split(" ")[1]));
        assertThat(acceptedIds().stream().filter(id -> !statuses.contains(ended.get(id))))
                .as("accepted and without one of the statuses " + statuses)
                .isEmpty();
        ImageContentAssertions.assertImagesBelongToTheirPrompts(database);
        synchronized (this) {
            assertThat(finishedStatuses.entrySet().stream()
                            .filter(end -> !new JsonObject(end.getValue())
                                    .getString("status")
                                    .equals(ended.get(end.getKey()))))
                    .as("status differs from an earlier response")
                    .isEmpty();
        }
    }

    private static int countQueued(DatabaseUrl database) {
        return Integer.parseInt(TestPostgres.query(database, "SELECT count(*) FROM generation_queue")
                .get(0));
    }

    @Override
    public synchronized String toString() {
        return "%d POSTs: %d x 202; %d x 200 of GETs, %d finished; %d x 503 and %d broken connections of both; slowest response %d ms"
                .formatted(
                        sent,
                        acceptedIds.size(),
                        found,
                        finishedStatuses.size(),
                        rejected,
                        connectionErrors,
                        slowestResponse.toMillis());
    }

    /** Stops sending and waits for outstanding responses. */
    @Override
    public void close() {
        senders.shutdown();
        try {
            if (!senders.awaitTermination(60, TimeUnit.SECONDS)) {
                throw new IllegalStateException("requests without a response");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
