package dev.darkroom.testing;

import dev.darkroom.config.DatabaseUrl;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** Environment variables that make a service fast enough for tests. All other settings keep their defaults. Mutable. */
public final class DarkroomInstanceSettings {
    /** Default width and height of an image: the minimum, because rendering and checking larger ones takes processor time. */
    public static final int DEFAULT_SIDE = 64;

    private static final String DATABASE_CONNECT_TIMEOUT = "DARKROOM_DATABASE_CONNECT_TIMEOUT";

    private final Map<String, String> values = new HashMap<>();

    private DarkroomInstanceSettings() {}

    /** Returns settings with free ports and the small images of tests. */
    public static DarkroomInstanceSettings defaults() {
        return new DarkroomInstanceSettings()
                .with("DARKROOM_HTTP_PORT", "0")
                .with("DARKROOM_MANAGEMENT_PORT", "0")
                .with("DARKROOM_SIMULATOR_PORT", "0")
                .with("DARKROOM_GENERATION_DEFAULT_WIDTH", String.valueOf(DEFAULT_SIDE))
                .with("DARKROOM_GENERATION_DEFAULT_HEIGHT", String.valueOf(DEFAULT_SIDE));
    }

    /** Returns the settings of an image store in a directory. */
    public static Map<String, String> imageDirectory(Path directory) {
        return Map.of("DARKROOM_IMAGE_DIR", directory.toAbsolutePath().toString());
    }

    /** Returns settings with free ports, short delays, small images, four verticles of each kind and no rate limits. */
    public static DarkroomInstanceSettings forTests() {
        return defaults()
                .with("DARKROOM_SIMULATOR_LATENCY", "10ms")
                // On a busy machine, a statement may wait long for its connection.
                .with(DATABASE_CONNECT_TIMEOUT, "20s")
                .with("DARKROOM_API_INSTANCES", "4")
                .with("DARKROOM_GENERATION_INSTANCES", "4")
                .with("DARKROOM_RETRY_INITIAL_DELAY", "50ms")
                .with("DARKROOM_RETRY_MAX_DELAY", "200ms")
                .with("DARKROOM_WORKER_POLL_INTERVAL", "200ms")
                .with("DARKROOM_NODE_REAP_INTERVAL", "200ms")
                .with("DARKROOM_BACKEND_BREAKER_MINIMUM_CALLS", "1000")
                .with("DARKROOM_BACKEND_BREAKER_CONNECTION_FAILURES", "1000")
                // Most tests create many generations of one user.
                .with("DARKROOM_GENERATION_MAX_PENDING_PER_USER", "0")
                .with("DARKROOM_LIMITS_REQUESTS_PER_SECOND", "0")
                .with("DARKROOM_LIMITS_FAILED_LOGINS_PER_MINUTE", "0")
                .with("DARKROOM_LIMITS_ANONYMOUS_PER_SECOND", "0")
                // Signed image URLs change rarely enough for tests to compare URLs of two responses.
                .with("DARKROOM_IMAGE_URLS_LIFETIME", "8784h")
                .with("DARKROOM_SHUTDOWN_GRACE_PERIOD", "2s");
    }

    /**
     * Sets leases of three seconds. They can expire on a busy machine, so only the package {@code dev.darkroom.chaos} may use
     * them. All other tests keep the defaults.
     */
    public DarkroomInstanceSettings shortLeases() {
        return defaultDatabaseConnectTimeout()
                .with("DARKROOM_NODE_HEARTBEAT_INTERVAL", "500ms")
                .with("DARKROOM_NODE_TTL", "3s")
                .with("DARKROOM_NODE_REAP_INTERVAL", "500ms");
    }

    /** Sets the default timeout of connecting to PostgreSQL, for tests in which PostgreSQL does not respond. */
    public DarkroomInstanceSettings defaultDatabaseConnectTimeout() {
        return with(DATABASE_CONNECT_TIMEOUT, "3s");
    }

    /** Sets one verticle of each kind and eight database connections, for tests that run several processes. */
    public DarkroomInstanceSettings smallProcess() {
        return with("DARKROOM_API_INSTANCES", "1")
                .with("DARKROOM_GENERATION_INSTANCES", "1")
                .with("DARKROOM_DATABASE_POOL_SIZE", "8");
    }

    /** Permits webhooks at loopback addresses, on any port and without TLS. */
    public DarkroomInstanceSettings webhooksOnLoopback() {
        return with("DARKROOM_WEBHOOKS_ALLOWED_NETWORKS", "127.0.0.0/8")
                .with("DARKROOM_WEBHOOKS_ALLOWED_PORTS", "*")
                .with("DARKROOM_WEBHOOKS_ALLOW_HTTP", "true");
    }

    /** Sets the number of concurrent attempts; 0 for a process without the role {@code worker}. */
    public DarkroomInstanceSettings workerConcurrency(int concurrency) {
        return concurrency == 0
                ? with("DARKROOM_NODE_ROLES", "api, notifier")
                : with("DARKROOM_WORKER_CONCURRENCY", String.valueOf(concurrency));
    }

    public DarkroomInstanceSettings with(String name, String value) {
        values.put(name, value);
        return this;
    }

    public DarkroomInstanceSettings with(Map<String, String> changes) {
        values.putAll(changes);
        return this;
    }

    public DarkroomInstanceSettings database(DatabaseUrl url) {
        return with("DARKROOM_DATABASE_URL", urlOf(url));
    }

    /** Returns the URL with credentials, as {@code DARKROOM_DATABASE_URL} expects it. */
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
