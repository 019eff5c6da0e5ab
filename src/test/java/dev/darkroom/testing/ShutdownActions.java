package dev.darkroom.testing;

import java.util.ArrayDeque;
import java.util.Deque;

/** Actions for the end of the test JVM. They run one after the other, the last registered first. */
public final class ShutdownActions {
    private static final Deque<Runnable> ACTIONS = new ArrayDeque<>();

    static {
        Runtime.getRuntime().addShutdownHook(new Thread(ShutdownActions::run, "test-shutdown"));
    }

    private ShutdownActions() {}

    public static void add(Runnable action) {
        synchronized (ACTIONS) {
            ACTIONS.push(action);
        }
    }

    private static void run() {
        synchronized (ACTIONS) {
            while (!ACTIONS.isEmpty()) {
                try {
                    ACTIONS.pop().run();
                } catch (RuntimeException e) {
                    // The others still have to run.
                    System.err.println("an action at the end of the test JVM failed: " + e);
                }
            }
        }
    }
}
