package dev.darkroom.chaos;

import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.Random;
import org.awaitility.Awaitility;

/** Sizes and random numbers of the chaos tests. A run prints its seed, so that another run can repeat it. */
final class ChaosParameters {
    private static final String SEED = "darkroom.chaos.seed";

    private ChaosParameters() {}

    /** Dice for one test. What they decide is the same again for the same seed; what the machine does with it is not. */
    static Random seededRandom(String test) {
        long seed = Long.getLong(SEED, new Random().nextLong());
        System.out.printf("chaos: %s, again with -D%s=%d%n", test, SEED, seed);
        return new Random(seed);
    }

    /** Returns a size, which the system property {@code darkroom.chaos.NAME} overrides. */
    static int sizeProperty(String name, int usual) {
        return Integer.getInteger("darkroom.chaos." + name, usual);
    }

    /**
     * The script of an AI server that mostly takes 1 to 50 ms, sometimes a second, and fails now and then, for as long as
     * anybody asks.
     */
    static JsonObject[] unreliableAiServerScript(Random dice, int failurePercent) {
        JsonObject[] steps = new JsonObject[401];
        for (int i = 0; i < 400; i += 2) {
            steps[i] = randomStep(dice, failurePercent).put("times", 20 + dice.nextInt(20));
            steps[i + 1] = new JsonObject().put("delay", 500 + dice.nextInt(1_000) + "ms");
        }
        steps[400] = randomStep(dice, failurePercent).put("times", -1);
        return steps;
    }

    private static JsonObject randomStep(Random dice, int failurePercent) {
        return new JsonObject()
                .put(
                        "random",
                        new JsonObject()
                                .put("failurePercent", failurePercent)
                                .put("seed", dice.nextInt())
                                .put(
                                        "latency",
                                        new io.vertx.core.json.JsonArray()
                                                .add("1ms")
                                                .add("50ms")));
    }

    /** It is no waiting for something: that the time passes is what is tested. */
    static void waitFor(Duration time) {
        Awaitility.await()
                .pollInterval(Duration.ofMillis(10))
                .pollDelay(time)
                .atMost(time.plusSeconds(60))
                .until(() -> true);
    }
}
