package dev.darkroom.benchmark;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordedFrame;
import jdk.jfr.consumer.RecordingFile;

/**
 * Where a recording saw the threads of a service. A sample counts for the innermost frame that belongs to a part; what the
 * JDK does counts for whoever asked it to. Time inside of system calls is not sampled.
 *
 * <p>By itself, for any recording: {@code java -cp target/test-classes dev.darkroom.benchmark.JfrProfile FILE.jfr}.
 */
public final class JfrProfile {
    /** Beginnings of class names; the longest that fits decides. */
    private static final Map<String, String> PARTS = new LinkedHashMap<>();

    static {
        PARTS.put("io.netty.", "event loop, sockets, buffers");
        PARTS.put("sun.nio.ch.", "event loop, sockets, buffers");
        PARTS.put("io.vertx.core.", "event loop, sockets, buffers");
        PARTS.put("io.netty.handler.codec.http", "HTTP server");
        PARTS.put("io.vertx.core.http", "HTTP server");
        PARTS.put("io.vertx.core.eventbus", "event bus");
        PARTS.put("io.vertx.core.json", "JSON");
        PARTS.put("com.fasterxml.jackson.", "JSON");
        PARTS.put("dev.darkroom.api.contract.JsonBodyParser", "JSON");
        PARTS.put("dev.darkroom.generation.store.GenerationRowMapper", "JSON");
        PARTS.put("io.vertx.ext.web.", "router");
        PARTS.put("io.vertx.openapi.", "router");
        PARTS.put("io.vertx.json.schema.", "contract check");
        PARTS.put("dev.darkroom.api.contract.RequestReader", "contract check");
        PARTS.put("io.vertx.sqlclient.", "PostgreSQL driver");
        PARTS.put("io.vertx.pgclient.", "PostgreSQL driver");
        PARTS.put("ch.qos.logback.", "log");
        PARTS.put("org.slf4j.", "log");
        PARTS.put("dev.darkroom.", "handlers and commands");
    }

    private final Map<String, Integer> parts = new HashMap<>();
    private final Map<String, Integer> methods = new HashMap<>();
    private int samples;

    private JfrProfile() {}

    static JfrProfile read(Path recording) throws IOException {
        JfrProfile jfrProfile = new JfrProfile();
        try (RecordingFile file = new RecordingFile(recording)) {
            while (file.hasMoreEvents()) {
                RecordedEvent event = file.readEvent();
                if (event.getEventType().getName().equals("jdk.ExecutionSample") && event.getStackTrace() != null) {
                    jfrProfile.add(event.getStackTrace().getFrames());
                }
            }
        }
        return jfrProfile;
    }

    private void add(List<RecordedFrame> frames) {
        samples++;
        RecordedFrame top = frames.get(0);
        methods.merge(
                top.getMethod().getType().getName() + "." + top.getMethod().getName(), 1, Integer::sum);
        String part = frames.stream()
                .map(frame -> partOf(frame.getMethod().getType().getName()))
                .filter(found -> found != null)
                .findFirst()
                .orElse("JDK, on its own");
        parts.merge(part, 1, Integer::sum);
    }

    private static String partOf(String type) {
        return PARTS.keySet().stream()
                .filter(type::startsWith)
                .max(Comparator.comparingInt(String::length))
                .map(PARTS::get)
                .orElse(null);
    }

    int samples() {
        return samples;
    }

    /** Percent of the samples in a part. */
    double percentOf(String part) {
        return 100.0 * parts.getOrDefault(part, 0) / samples;
    }

    /** The parts, the busiest first. */
    List<String> parts() {
        return mostSampled(parts);
    }

    private static List<String> mostSampled(Map<String, Integer> counts) {
        return counts.entrySet().stream()
                .sorted(Map.Entry.<String, Integer>comparingByValue().reversed())
                .map(Map.Entry::getKey)
                .toList();
    }

    public static void main(String[] args) throws IOException {
        JfrProfile jfrProfile = read(Path.of(args[0]));
        System.out.println(jfrProfile.samples + " samples");
        jfrProfile.parts().forEach(part -> System.out.printf("%5.1f %% %s%n", jfrProfile.percentOf(part), part));
        mostSampled(jfrProfile.methods).stream()
                .limit(40)
                .forEach(method -> System.out.printf("%6d %s%n", jfrProfile.methods.get(method), method));
    }
}
