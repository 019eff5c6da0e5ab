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
 * CPU profile of a JFR recording, grouped by parts of the service. A sample counts for the innermost frame of a known part,
 * so time in the JDK counts for its caller. JFR does not sample time inside system calls.
 *
 * <p>Prints any recording: {@code java -cp target/test-classes dev.darkroom.benchmark.JfrProfile FILE.jfr}.
 */
public final class JfrProfile {
    /** Parts by prefix of the class name; the longest matching prefix decides. */
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
        PARTS.put("dev.darkroom.generation.json", "JSON");
        PARTS.put("io.vertx.ext.web.", "router");
        PARTS.put("io.vertx.openapi.", "router");
        PARTS.put("io.vertx.json.schema.", "contract check");
        PARTS.put("com.networknt.schema.", "contract check");
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
        JfrProfile profile = new JfrProfile();
        try (RecordingFile file = new RecordingFile(recording)) {
            while (file.hasMoreEvents()) {
                RecordedEvent event = file.readEvent();
                if (event.getEventType().getName().equals("jdk.ExecutionSample") && event.getStackTrace() != null) {
                    profile.add(event.getStackTrace().getFrames());
                }
            }
        }
        return profile;
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

    /** Returns the percentage of samples in a part. */
    double percentOf(String part) {
        return 100.0 * parts.getOrDefault(part, 0) / samples;
    }

    /** Returns the parts, the busiest first. */
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
        JfrProfile profile = read(Path.of(args[0]));
        System.out.println(profile.samples + " samples");
        profile.parts().forEach(part -> System.out.printf("%5.1f %% %s%n", profile.percentOf(part), part));
        mostSampled(profile.methods).stream()
                .limit(40)
                .forEach(method -> System.out.printf("%6d %s%n", profile.methods.get(method), method));
    }
}
