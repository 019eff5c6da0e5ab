package dev.darkroom.chaos;

import dev.darkroom.testing.ClusterClient;
import io.vertx.core.eventbus.ReplyException;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Creates generations over the event bus, one after the other, and repeats each command with its key until it gets a reply. */
final class BusLoad {
    /** Longest time without a reply with a generation. Much longer than the cluster needs to notice that a member is dead. */
    private static final Duration STANDSTILL = Duration.ofMinutes(3);

    private final ClusterClient client;
    private final CompletableFuture<Integer> created;
    private volatile boolean stopping;
    private volatile int count;
    private volatile int repeated;

    BusLoad(ClusterClient client) {
        this.client = client;
        this.created = CompletableFuture.supplyAsync(this::run);
    }

    private int run() {
        while (!stopping) {
            create("key-" + count);
            count++;
            ChaosParameters.waitFor(Duration.ofMillis(200));
        }
        return count;
    }

    private void create(String key) {
        JsonObject request =
                new JsonObject().put("prompt", "by bus").put("width", 64).put("height", 64);
        long begin = System.nanoTime();
        while (true) {
            String answer;
            try {
                JsonObject reply = client.command(
                        "create",
                        new JsonObject()
                                .put("user", "bus")
                                .put("idempotencyKey", key)
                                .put("request", request));
                if (reply.containsKey("generation")) {
                    return;
                }
                answer = reply.encode();
            } catch (ReplyException e) {
                // No handler, or no reply: the node was killed.
                answer = e.failureType() + " " + e.getMessage();
            }
            if (System.nanoTime() - begin > STANDSTILL.toNanos()) {
                throw new IllegalStateException("no generation for " + STANDSTILL + ", last reply: " + answer);
            }
            repeated++;
            ChaosParameters.waitFor(Duration.ofMillis(100));
        }
    }

    /** Waits for the last generation and returns the number of generations. */
    int stop() throws Exception {
        stopping = true;
        return created.get(2 * STANDSTILL.toSeconds(), TimeUnit.SECONDS);
    }

    @Override
    public String toString() {
        return count + " generations, " + repeated + " commands repeated";
    }
}
