package dev.darkroom.chaos;

import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.Random;
import org.awaitility.Awaitility;

/** Sizes and random seeds of the chaos tests. A run prints its seed, so that another run can repeat it. */
final class ChaosParameters {
    private static final String SEED = "darkroom.chaos.seed";

    private ChaosParameters() {}

    /** Returns the random numbers of one test. The same seed gives the same numbers, but not the same timing. */
    static Random seededRandom(String test) {
        long seed = Long.getLong(SEED, new Random().nextLong());
        System.out.printf("chaos: %s, again with -D%s=%d%n", test, SEED, seed);
        return new Random(seed);
    }

    /** Returns a size, which the system property {@code darkroom.chaos.NAME} overrides. */
    static int sizeProperty(String name, int defaultValue) {
        return Integer.getInteger("darkroom.chaos." + name, defaultValue);
    }

    /**
     * Returns the script of an AI server that mostly takes 1 to 50 ms, sometimes a second, and fails a part of its calls. The last
     * step repeats without end.
     */
    static JsonObject[] unreliableAiServerScript(Random random, int failurePercent) {
        JsonObject[] steps = new JsonObject[401];
        for (int i = 0; i < 400; i += 2) {
            steps[i] = randomStep(random, failurePercent).put("times", 20 + random.nextInt(20));
            steps[i + 1] = new JsonObject().put("delay", 500 + random.nextInt(1_000) + "ms");
        }
        steps[400] = randomStep(random, failurePercent).put("times", -1);
        return steps;
    }

    private static JsonObject randomStep(Random random, int failurePercent) {
        return new JsonObject()
                .put(
                        "random",
                        new JsonObject()
                                .put("failurePercent", failurePercent)
                                .put("seed", random.nextInt())
                                .put(
                                        "latency",
                                        new io.vertx.core.json.JsonArray()
                                                .add("1ms")
                                                .add("50ms")));
    }

    /** Lets time pass. Not for waiting for a condition: the elapsed time is part of the test. */
    static void waitFor(Duration time) {
        Awaitility.await()
                .pollInterval(Duration.ofMillis(10))
                .pollDelay(time)
                .atMost(time.plusSeconds(60))
                .until(() -> true);
    }
}
