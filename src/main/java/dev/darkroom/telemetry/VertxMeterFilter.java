package dev.darkroom.telemetry;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.core.instrument.config.MeterFilterReply;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Bounds the label values of the meters of Vert.x that clients and servers choose. Replaces the listening address of an HTTP server by its
 * role, and excludes servers without one.
 */
record VertxMeterFilter(HttpServerRoles roles) implements MeterFilter {
    private static final String HTTP = "vertx.http.";
    private static final String HTTP_SERVER = "vertx.http.server.";
    private static final String POOL = "vertx.pool.";

    private static final Set<String> METHODS =
            Set.of("CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE");

    /** Repeat {@code process_cpu_seconds_total} and {@code jvm_classes_loaded_classes}, or have names that {@code promtool} rejects. */
    private static final Set<String> EXCLUDED =
            Set.of("process.cpu.time", "jvm.classes.loaded.count", "jvm.classes.unloaded");

    @Override
    public Meter.Id map(Meter.Id id) {
        if (id.getName().equals("system.cpu.count")) {
            return id.withName("system.processors");
        }
        if (!id.getName().startsWith(HTTP)) {
            return id;
        }
        boolean server = id.getName().startsWith(HTTP_SERVER);
        List<Tag> tags = new ArrayList<>();
        for (Tag tag : id.getTagsAsIterable()) {
            switch (tag.getKey()) {
                case "local" -> {
                    if (server) {
                        tags.add(Tag.of("server", roles.roleOf(tag.getValue())));
                    }
                }
                case "method" -> tags.add(METHODS.contains(tag.getValue()) ? tag : Tag.of("method", "OTHER"));
                case "code" -> tags.add(server ? tag : Tag.of("code", statusClass(tag.getValue())));
                default -> tags.add(tag);
            }
        }
        return id.replaceTags(tags);
    }

    /** Returns {@code 2xx} for {@code 204}: an AI server or a webhook receiver may return any status. */
    private static String statusClass(String code) {
        return code.length() == 3 && code.charAt(0) >= '1' && code.charAt(0) <= '5' ? code.charAt(0) + "xx" : "OTHER";
    }

    @Override
    public MeterFilterReply accept(Meter.Id id) {
        boolean withoutRole = HttpServerRoles.UNKNOWN.equals(id.getTag("server"));
        // The name of such a pool is the address of a server, which users choose for webhooks.
        boolean ofHttpClient = id.getName().startsWith(POOL) && "http".equals(id.getTag("pool_type"));
        return withoutRole || ofHttpClient || EXCLUDED.contains(id.getName())
                ? MeterFilterReply.DENY
                : MeterFilterReply.NEUTRAL;
    }
}
