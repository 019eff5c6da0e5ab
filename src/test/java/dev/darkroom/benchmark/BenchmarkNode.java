package dev.darkroom.benchmark;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A process of the packaged jar, whose callers must say who they are, and may have as many streams as they like. */
final class BenchmarkNode implements AutoCloseable {
    /** As all processes of the benchmarks have them. */
    static final List<String> DEFAULT_FLAGS = List.of("-Xms512m", "-Xmx512m");

    /** As for a small container: what Java chooses by itself where there is less than 1,792 MB. */
    static final List<String> SMALL_HEAP_FLAGS = List.of("-XX:+UseSerialGC", "-Xmx256m");

    static final String STREAM = "/api/notifications/stream";

    private final JavaProcess process;
    private final int port;

    /**
     * Starts it and waits until it is ready.
     *
     * @param name of its directory
     * @param workers AI calls at once; 0 for a node on which nothing ends
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
        environment.put("DARKROOM_WORKER_CONCURRENCY", String.valueOf(workers));
        environment.put("DARKROOM_LIMITS_REQUESTS_PER_SECOND", "0");
        environment.put("DARKROOM_STREAMS_PER_USER", "20000");
        // No brake: what is measured is what a process can do.
        environment.put("DARKROOM_STREAMS_CONNECTS_PER_SECOND", "50000");
        environment.put("DARKROOM_STREAMS_CONNECTS_PER_SECOND_PER_ADDRESS", "0");
        environment.put("DARKROOM_CONNECTIONS_PER_ADDRESS", "0");
        environment.putAll(settings);
        List<String> all = new ArrayList<>(flags);
        all.add("-Dvertx.cacheDirBase=" + directory.resolve("vertx-cache"));
        Path jar = Path.of("target", "darkroom.jar").toAbsolutePath();
        process = JavaProcess.start(
                directory.resolve(name), all, List.of("-jar", jar.toString()), environment, "  Health +http");
        // Asked once: it is looked up in all that the process has said so far, which comes to be much.
        port = Integer.parseInt(process.outputValue("  API +http://[^:]+:(\\d+)/"));
    }

    JavaProcess process() {
        return process;
    }

    int port() {
        return port;
    }

    /** {@code kill -9}: whatever is connected finds out by itself. */
    void kill() {
        process.handle().destroyForcibly();
    }

    @Override
    public void close() throws IOException, InterruptedException {
        process.close();
    }
}
