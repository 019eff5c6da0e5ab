package dev.darkroom.testing;

import java.util.ArrayDeque;
import java.util.Deque;

/** Actions for the end of the test JVM. They run sequentially, in reverse order of registration. */
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
                    // Continue with the remaining actions.
                    System.err.println("shutdown action of the test JVM failed: " + e);
                }
            }
        }
    }
}
