package dev.darkroom.testing;

import dev.darkroom.config.DatabaseUrl;
import java.util.HashMap;
import java.util.Map;

/** Settings, as environment, that make a service quick enough for tests. Everything else is as operators get it. */
public final class DarkroomInstanceSettings {
    private final Map<String, String> values = new HashMap<>();

    private DarkroomInstanceSettings() {}

    /** Free ports, short delays, four verticles of each kind. */
    public static DarkroomInstanceSettings forTests() {
        return new DarkroomInstanceSettings()
                .with("DARKROOM_HTTP_PORT", "0")
                .with("DARKROOM_MANAGEMENT_PORT", "0")
                .with("DARKROOM_SIMULATOR_PORT", "0")
                .with("DARKROOM_SIMULATOR_LATENCY", "10ms")
                .with("DARKROOM_API_INSTANCES", "4")
                .with("DARKROOM_GENERATION_INSTANCES", "4")
                .with("DARKROOM_RETRY_INITIAL_DELAY", "50ms")
                .with("DARKROOM_RETRY_MAX_DELAY", "200ms")
                .with("DARKROOM_WORKER_POLL_INTERVAL", "200ms")
                .with("DARKROOM_NODE_REAP_INTERVAL", "200ms")
                .with("DARKROOM_BACKEND_BREAKER_MINIMUM_CALLS", "1000")
                .with("DARKROOM_BACKEND_BREAKER_CONNECTION_FAILURES", "1000")
                // Most tests are of many generations of one user.
                .with("DARKROOM_GENERATION_MAX_PENDING_PER_USER", "0")
                .with("DARKROOM_LIMITS_REQUESTS_PER_SECOND", "0")
                .with("DARKROOM_LIMITS_FAILED_LOGINS_PER_MINUTE", "0")
                .with("DARKROOM_LIMITS_ANONYMOUS_PER_SECOND", "0")
                // Links are made anew once in a while; so seldom that tests may compare what they were told with what
                // they are.
                .with("DARKROOM_IMAGE_URLS_LIFETIME", "8784h")
                .with("DARKROOM_SHUTDOWN_GRACE_PERIOD", "2s");
    }

    /**
     * Leases of three seconds. A busy machine lets them lapse, so only the package {@code dev.darkroom.chaos} may use them:
     * all other tests keep the product's defaults.
     */
    public DarkroomInstanceSettings shortLeases() {
        return with("DARKROOM_NODE_HEARTBEAT_INTERVAL", "500ms")
                .with("DARKROOM_NODE_TTL", "3s")
                .with("DARKROOM_NODE_REAP_INTERVAL", "500ms");
    }

    public DarkroomInstanceSettings with(String name, String value) {
        values.put(name, value);
        return this;
    }

    public DarkroomInstanceSettings database(DatabaseUrl url) {
        return with("DARKROOM_DATABASE_URL", urlOf(url));
    }

    /** As it stands in settings. */
    public static String urlOf(DatabaseUrl url) {
        return "postgresql://%s:%s@%s:%d/%s"
                .formatted(url.user(), url.password().value(), url.host(), url.port(), url.database());
    }

    public DarkroomInstanceSettings aiServer(InProcessSimulator server) {
        return with("DARKROOM_BACKEND_URL", server.url().toString());
    }

    public Map<String, String> environment() {
        return Map.copyOf(values);
    }
}
