package dev.darkroom.monitoring;

import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.ApiClient.ApiResponse;
import dev.darkroom.testing.DarkroomFleet;
import dev.darkroom.testing.NotificationSocketClient;
import dev.darkroom.testing.SseClient;
import dev.darkroom.testing.WebhookReceiver;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Users of two processes, each with a key: generations, reads, images, streams, WebSockets, webhooks, and requests that exceed a limit.
 * Tolerates broken connections, because the test kills processes.
 */
final class MonitoredLoad implements AutoCloseable {
    /** Keys of the users in this order. The second one has a small budget. */
    static final List<String> USERS = List.of("anna", "spender");

    private static final int GENERATIONS_PER_SECOND = 4;
    /** Requests at once, above the limit of requests per second. */
    private static final int BURST = 80;

    private final ScheduledExecutorService threads = Executors.newScheduledThreadPool(12);
    private final Queue<String> ids = new ConcurrentLinkedQueue<>();
    private final AtomicInteger accepted = new AtomicInteger();
    private final AtomicInteger rejected = new AtomicInteger();
    private final DarkroomFleet fleet;
    private final List<String> keys;

    /** Creates the webhooks, and starts the requests. */
    MonitoredLoad(DarkroomFleet fleet, List<String> keys, WebhookReceiver receiver) {
        this.fleet = fleet;
        this.keys = keys;
        for (String path : List.of("/well", "/failing")) {
            client(0)
                    .send(
                            "POST",
                            "/api/webhooks",
                            json(),
                            new JsonObject()
                                    .put("url", receiver.url(path))
                                    .put("eventTypes", new JsonArray().add("generation.ended"))
                                    .toBuffer()
                                    .getBytes());
        }
        every(1_000 / GENERATIONS_PER_SECOND, () -> create(0, Map.of()));
        every(700, () -> create(1, Map.of()));
        every(2_000, () -> create(0, Map.of("Prefer", "wait=5")));
        every(500, this::read);
        every(1_500, () -> client(0).get("/api/generation?limit=5"));
        every(3_000, () -> client(0).post("{\"prompt\": 5}"));
        every(4_000, this::cancel);
        every(20_000, this::burst);
        every(3_000, this::stream);
        every(5_000, this::socket);
    }

    /** A request that may find its process killed. */
    private interface Task {
        void run() throws Exception;
    }

    private void every(int milliseconds, Task task) {
        threads.scheduleAtFixedRate(
                () -> {
                    try {
                        task.run();
                    } catch (UncheckedIOException | NoProcessException e) {
                        // The process was killed.
                    } catch (Exception | AssertionError e) {
                        if (!threads.isShutdown()) {
                            System.out.println("monitoring: request failed: " + e);
                        }
                    }
                },
                milliseconds,
                milliseconds,
                TimeUnit.MILLISECONDS);
    }

    private static final class NoProcessException extends RuntimeException {}

    private ApiClient client(int user) {
        ApiClient client = fleet.randomClient();
        if (client == null) {
            throw new NoProcessException();
        }
        return client.withKey(keys.get(user));
    }

    private static Map<String, String> json() {
        return new HashMap<>(Map.of("Content-Type", "application/json"));
    }

    private void create(int user, Map<String, String> headers) {
        ApiResponse response = client(user).post("{\"prompt\": \"A pier\", \"width\": 64, \"height\": 64}", headers);
        if (response.status() == 200 || response.status() == 202) {
            accepted.incrementAndGet();
            ids.add(response.json().getString("id"));
        } else {
            rejected.incrementAndGet();
        }
    }

    private void read() {
        String id = ids.peek();
        if (id == null) {
            return;
        }
        ids.remove(id);
        ids.add(id);
        JsonObject generation = client(0).get("/api/generation/" + id).json();
        if ("COMPLETE".equals(generation.getString("status"))) {
            String url = generation.getJsonArray("images").getJsonObject(0).getString("url");
            client(0).get(url.replaceFirst("https?://[^/]+", ""));
        }
    }

    private void cancel() {
        String id = client(0).create("A pier that nobody wants");
        client(0).cancel(id);
    }

    private void burst() throws InterruptedException {
        CountDownLatch sent = new CountDownLatch(BURST);
        ApiClient client = client(0);
        for (int i = 0; i < BURST; i++) {
            threads.execute(() -> {
                try {
                    client.get("/api/models");
                } catch (UncheckedIOException e) {
                    // The process was killed.
                } finally {
                    sent.countDown();
                }
            });
        }
        sent.await(30, TimeUnit.SECONDS);
    }

    private Map<String, String> credentials() {
        return Map.of("Authorization", "Bearer " + keys.get(0));
    }

    /** Watches the notifications of the user for a while, and the events of one generation. */
    private void stream() {
        ApiClient client = client(0);
        String id = client.create("A pier with spectators");
        try (SseClient notifications = SseClient.open(client.base(), "/api/notifications/stream", credentials());
                SseClient events = SseClient.open(client.base(), "/api/generation/" + id + "/events", credentials())) {
            events.awaitEnd();
            notifications.awaitEvent("notification");
        }
    }

    private void socket() throws Exception {
        ApiClient client = client(0);
        try (NotificationSocketClient socket = NotificationSocketClient.open(client.base(), credentials())) {
            socket.send(new JsonObject().put("op", "resume"));
            socket.await("notification", 1);
        }
    }

    @Override
    public String toString() {
        return accepted + " generations accepted, " + rejected + " requests rejected";
    }

    /** Stops the requests. */
    @Override
    public void close() throws InterruptedException {
        threads.shutdownNow();
        threads.awaitTermination(60, TimeUnit.SECONDS);
    }
}
