package dev.darkroom.benchmark;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Process of the packaged jar with required authentication and without limits on streams. */
final class BenchmarkNode implements AutoCloseable {
    /** JVM flags of all benchmark processes. */
    static final List<String> DEFAULT_FLAGS = List.of("-Xms512m", "-Xmx512m");

    /** JVM flags of a small container: the JVM chooses the serial collector when the machine has less than 1,792 MB. */
    static final List<String> SMALL_HEAP_FLAGS = List.of("-XX:+UseSerialGC", "-Xmx256m");

    static final String STREAM = "/api/notifications/stream";

    private final JavaProcess process;
    private final int port;

    /**
     * Starts the process and waits until it is ready.
     *
     * @param name of its directory
     * @param workers concurrent AI calls; 0 for a node that runs no generations
     */
    BenchmarkNode(
            Path directory,
            String name,
            ApiBenchmarkDatabase database,
            StubAiServer aiServer,
            int workers,
            List<String> flags,
            Map<String, String> settings)
            throws IOException, InterruptedException {
        Map<String, String> environment = new HashMap<>();
        environment.put("DARKROOM_DATABASE_URL", database.urlSetting());
        environment.put("DARKROOM_BACKEND_URL", aiServer.url());
        environment.put("DARKROOM_AUTH", "required");
        environment.put("DARKROOM_HTTP_PORT", "0");
        environment.put("DARKROOM_MANAGEMENT_PORT", "0");
        if (workers == 0) {
            environment.put("DARKROOM_NODE_ROLES", "api, notifier");
        } else {
            environment.put("DARKROOM_WORKER_CONCURRENCY", String.valueOf(workers));
        }
        environment.put("DARKROOM_LIMITS_REQUESTS_PER_SECOND", "0");
        environment.put("DARKROOM_STREAMS_PER_USER", "20000");
        // No limits, since the benchmark measures the capacity of a process.
        environment.put("DARKROOM_STREAMS_CONNECTS_PER_SECOND", "50000");
        environment.put("DARKROOM_STREAMS_CONNECTS_PER_SECOND_PER_ADDRESS", "0");
        environment.put("DARKROOM_CONNECTIONS_PER_ADDRESS", "0");
        environment.putAll(settings);
        List<String> jvmFlags = new ArrayList<>(flags);
        jvmFlags.add("-Dvertx.cacheDirBase=" + directory.resolve("vertx-cache"));
        Path jar = Path.of("target", "darkroom.jar").toAbsolutePath();
        process = JavaProcess.start(
                directory.resolve(name), jvmFlags, List.of("-jar", jar.toString()), environment, "  Health +http");
        // Read once, since each read searches the whole output of the process.
        port = Integer.parseInt(process.outputValue("  API +http://[^:]+:(\\d+)/"));
    }

    JavaProcess process() {
        return process;
    }

    int port() {
        return port;
    }

    /** Kills the process with SIGKILL, without closing its connections. */
    void kill() {
        process.handle().destroyForcibly();
    }

    @Override
    public void close() throws IOException, InterruptedException {
        process.close();
    }
}
