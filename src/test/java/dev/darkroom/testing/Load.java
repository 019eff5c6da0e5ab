package dev.darkroom.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.testing.ApiClient.Answer;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;

/**
 * Callers who do not care how the service is: POSTs at a steady rate, a GET after every fourth, and who waited too long for an
 * answer hurries with the next ones. Keeps what they were told.
 */
public final class Load implements AutoCloseable {
    /** {@code api.replyTimeout}, and what a machine with other things to do may add. */
    private static final Duration LONGEST_ANSWER = Duration.ofSeconds(8 + 4);

    private static final int CALLERS = 40;

    private static final String BODY = new JsonObject()
            .put("prompt", "A lighthouse under load")
            .put("width", 64)
            .put("height", 64)
            .encode();

    private final ScheduledExecutorService callers = Executors.newScheduledThreadPool(CALLERS);
    private final List<String> accepted = new ArrayList<>();
    private final List<String> unexpected = new ArrayList<>();
    private final ApiClient client;
    private int sent;
    private int found;
    private int refused;
    private Duration slowest = Duration.ZERO;

    /** Starts at once, but for a first request that shows the callers how to read answers, which takes its time. */
    public Load(ApiClient client, int postsPerSecond) {
        this.client = client;
        client.create("A lighthouse before the load");
        long pause = TimeUnit.SECONDS.toNanos(1) / postsPerSecond;
        for (int i = 0; i < CALLERS; i++) {
            callers.scheduleAtFixedRate(this::call, i * pause, CALLERS * pause, TimeUnit.NANOSECONDS);
        }
    }

    private void call() {
        post();
        if (ThreadLocalRandom.current().nextInt(4) == 0) {
            get();
        }
    }

    private void post() {
        synchronized (this) {
            sent++;
        }
        Answer answer = timed(() -> client.post(BODY));
        if (answer != null && answer.status() == 202) {
            synchronized (this) {
                accepted.add(answer.json().getString("id"));
            }
        } else {
            refused(answer);
        }
    }

    private void get() {
        String id;
        synchronized (this) {
            if (accepted.isEmpty()) {
                return;
            }
            id = accepted.get(ThreadLocalRandom.current().nextInt(accepted.size()));
        }
        Answer answer = timed(() -> client.get("/api/generation/" + id));
        if (answer != null && answer.status() == 200) {
            synchronized (this) {
                found++;
            }
        } else {
            refused(answer);
        }
    }

    private interface Request {
        Answer send();
    }

    private Answer timed(Request request) {
        long started = System.nanoTime();
        try {
            return request.send();
        } catch (RuntimeException | AssertionError e) {
            synchronized (this) {
                unexpected.add(String.valueOf(e));
            }
            return null;
        } finally {
            Duration took = Duration.ofNanos(System.nanoTime() - started);
            synchronized (this) {
                slowest = took.compareTo(slowest) > 0 ? took : slowest;
            }
        }
    }

    private synchronized void refused(Answer answer) {
        if (answer == null) {
            return;
        }
        if (answer.status() == 503 && answer.header("Retry-After") != null) {
            refused++;
        } else {
            unexpected.add(answer.status() + " " + answer.headers() + " " + answer.text());
        }
    }

    /** The ids of all generations for which a caller got a 202. */
    public synchronized List<String> accepted() {
        return List.copyOf(accepted);
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
        assertThat(slowest).as("the longest wait for an answer").isLessThan(LONGEST_ANSWER);
    }

    /** Waits until nothing is left to do; then every generation for which a caller got a 202 is COMPLETE. */
    public void assertAllAcceptedComplete(DatabaseUrl database, Duration atMost) {
        Awaitility.await("the queue is empty")
                .atMost(atMost)
                .pollInterval(Duration.ofMillis(200))
                .until(() -> TestPostgres.query(database, "SELECT 1 FROM generation_queue LIMIT 1")
                        .isEmpty());
        Set<String> complete =
                Set.copyOf(TestPostgres.query(database, "SELECT id FROM generations WHERE status = 'COMPLETE'"));
        assertThat(accepted().stream().filter(id -> !complete.contains(id)))
                .as("accepted and not COMPLETE")
                .isEmpty();
    }

    @Override
    public synchronized String toString() {
        return "%d POSTs: %d x 202; %d x 200 of GETs; %d x 503 of both; slowest answer %d ms"
                .formatted(sent, accepted.size(), found, refused, slowest.toMillis());
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
