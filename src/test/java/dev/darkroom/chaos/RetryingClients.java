package dev.darkroom.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.ApiClient.ApiResponse;
import dev.darkroom.testing.DarkroomFleet;
import io.vertx.core.json.JsonObject;
import java.io.UncheckedIOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Clients that create generations, wait for their end and read their images, as the documentation tells clients to do: with an
 * idempotency key, and with retries on another process after a broken connection or {@code 503} with {@code Retry-After}. Any other
 * outcome is a violation. Thread-safe.
 */
final class RetryingClients implements AutoCloseable {
    private static final Duration RETRY_DELAY = Duration.ofMillis(100);
    private static final int PROMPT_VARIANTS = 64;

    private final DarkroomFleet fleet;
    private final List<String> apiKeys;
    private final ExecutorService threads;
    private final Map<String, String> idsByIdempotencyKey = new HashMap<>();
    private final List<String> violations = new ArrayList<>();
    private volatile boolean stopping;
    private int completed;
    private int images;
    private int rejected;
    private int brokenConnections;
    private int replayed;

    /** @param apiKeys one per user */
    RetryingClients(DarkroomFleet fleet, List<String> apiKeys, int clients) {
        this.fleet = fleet;
        this.apiKeys = apiKeys;
        this.threads = Executors.newFixedThreadPool(clients);
        for (int client = 0; client < clients; client++) {
            Random random = new Random(client);
            threads.submit(() -> run(random));
        }
    }

    private void run(Random random) {
        while (!stopping) {
            try {
                generate(random);
            } catch (RuntimeException | AssertionError e) {
                violate(String.valueOf(e));
            }
        }
    }

    private void generate(Random random) {
        String authorization = "Bearer " + apiKeys.get(random.nextInt(apiKeys.size()));
        String idempotencyKey = UUID.randomUUID().toString();
        int variant = random.nextInt(PROMPT_VARIANTS);
        String negativePrompt = variant % 2 == 0 ? null : "fog " + variant;
        JsonObject body = new JsonObject()
                .put("prompt", "A lighthouse during an upgrade, seen from " + variant)
                .put("seed", variant);
        if (negativePrompt != null) {
            body.put("negativePrompt", negativePrompt);
        }
        Map<String, String> credentials = Map.of("Authorization", authorization);
        ApiResponse accepted = retry(
                client -> client.post(
                        body.encode(), Map.of("Authorization", authorization, "Idempotency-Key", idempotencyKey)),
                200,
                202);
        String id = accepted.json().getString("id");
        synchronized (this) {
            idsByIdempotencyKey.put(idempotencyKey, id);
            replayed += accepted.header("Idempotency-Replayed") == null ? 0 : 1;
        }
        JsonObject generation;
        do {
            LockSupport.parkNanos(RETRY_DELAY.toNanos());
            generation = retry(client -> client.get("/api/generation/" + id, credentials), 200)
                    .json();
        } while (generation.getString("status").equals("PENDING"));
        if (!generation.getString("status").equals("COMPLETE")) {
            violate(generation.encode());
            return;
        }
        if (!String.valueOf(negativePrompt).equals(String.valueOf(generation.getString("negativePrompt")))) {
            violate("negative prompt " + negativePrompt + " became " + generation.getString("negativePrompt"));
        }
        // The URL has the host of the process that responded. That process may have stopped since.
        URI image =
                URI.create(generation.getJsonArray("images").getJsonObject(0).getString("url"));
        ApiResponse downloaded = retry(client -> client.get(image.getRawPath() + "?" + image.getRawQuery()), 200);
        synchronized (this) {
            completed++;
            images += downloaded.body().length > 0 ? 1 : 0;
        }
    }

    private interface Request {
        ApiResponse send(ApiClient client);
    }

    /** Sends a request to random processes until one responds with an expected status. */
    private ApiResponse retry(Request request, Integer... statuses) {
        while (true) {
            ApiClient client = fleet.randomClient();
            if (client != null) {
                try {
                    ApiResponse response = request.send(client);
                    if (List.of(statuses).contains(response.status())) {
                        return response;
                    }
                    if (response.status() != 503 || response.header("Retry-After") == null) {
                        throw new AssertionError(response.status() + " " + response.headers() + " " + response.text());
                    }
                    synchronized (this) {
                        rejected++;
                    }
                } catch (UncheckedIOException e) {
                    synchronized (this) {
                        brokenConnections++;
                    }
                }
            }
            LockSupport.parkNanos(RETRY_DELAY.toNanos());
        }
    }

    private synchronized void violate(String violation) {
        violations.add(violation);
    }

    /** Returns the number of generations that a client has seen complete, with their images. */
    synchronized int completedCount() {
        return completed;
    }

    /** Returns the id of each created generation. Two idempotency keys have different generations. */
    synchronized List<String> acceptedIds() {
        return List.copyOf(idsByIdempotencyKey.values());
    }

    synchronized void assertNoViolations() {
        assertThat(violations)
                .as("responses that the documentation does not permit, failed generations, changed values")
                .isEmpty();
    }

    @Override
    public synchronized String toString() {
        return "%d generations created, %d seen complete with image; %d x 503 with Retry-After, %d broken or refused connections, %d replayed responses"
                .formatted(idsByIdempotencyKey.size(), images, rejected, brokenConnections, replayed);
    }

    /** Stops the clients after their current generations. */
    @Override
    public void close() {
        stopping = true;
        threads.shutdown();
        try {
            if (!threads.awaitTermination(120, TimeUnit.SECONDS)) {
                throw new IllegalStateException("requests without a response");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
