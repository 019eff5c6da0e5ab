package dev.darkroom.telemetry.vertx;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.core.instrument.config.MeterFilterReply;
import java.util.Set;

/**
 * Bounds the label values of the meters of vertx-micrometer-metrics that servers and users choose. Excludes and renames meters of Micrometer
 * if {@code promtool} rejects their names.
 */
public final class VertxMeterFilter implements MeterFilter {
    private static final String HTTP_CLIENT = "vertx.http.client.";
    private static final String POOL = "vertx.pool.";
    private static final String CODE = "code";

    /** Repeat {@code process_cpu_seconds_total} and {@code jvm_classes_loaded_classes}. */
    private static final Set<String> EXCLUDED =
            Set.of("process.cpu.time", "jvm.classes.loaded.count", "jvm.classes.unloaded");

    @Override
    public Meter.Id map(Meter.Id id) {
        if (id.getName().equals("system.cpu.count")) {
            return id.withName("system.processors");
        }
        String code = id.getTag(CODE);
        return code == null || !id.getName().startsWith(HTTP_CLIENT) ? id : id.withTag(Tag.of(CODE, statusClass(code)));
    }

    /** Returns {@code 2xx} for {@code 204}: an AI server or a webhook receiver may return any status. */
    private static String statusClass(String code) {
        return code.length() == 3 && code.charAt(0) >= '1' && code.charAt(0) <= '5' ? code.charAt(0) + "xx" : "OTHER";
    }

    @Override
    public MeterFilterReply accept(Meter.Id id) {
        // The name of such a pool is the address of a server, which users choose for webhooks.
        boolean ofHttpClient = id.getName().startsWith(POOL) && "http".equals(id.getTag("pool_type"));
        return ofHttpClient || EXCLUDED.contains(id.getName()) ? MeterFilterReply.DENY : MeterFilterReply.NEUTRAL;
    }
}
