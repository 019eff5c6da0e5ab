package dev.darkroom.backend.sdserver;

import com.fasterxml.jackson.databind.JsonNode;
import dev.darkroom.backend.NumberRange;
import dev.darkroom.backend.ServerLimits;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.core.json.jackson.DatabindCodec;
import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.Map;
import java.util.Set;

/** Reads the limits of requests from {@code GET /sdcpp/v1/capabilities}. Pure functions. */
final class Capabilities {
    private static final String OUTPUT_FORMAT = "output_format";

    private Capabilities() {}

    /**
     * Returns the limits of requests.
     *
     * @param parameters names of the parameters that requests may have
     * @throws IOException when the body states no limits
     */
    static ServerLimits parse(InputStream body, Set<String> parameters) throws IOException {
        JsonNode capabilities = DatabindCodec.mapper().readTree(body);
        JsonNode limits = capabilities.path("limits");
        if (!limits.isObject()) {
            throw new IOException("no limits in the capabilities");
        }
        JsonArray formats = new JsonArray();
        capabilities.path("output_formats_by_mode").path("img_gen").forEach(format -> formats.add(format.asText()));
        return new ServerLimits(
                Instant.now(),
                null,
                range(limits, "min_width", "max_width"),
                range(limits, "min_height", "max_height"),
                range(limits, null, "max_batch_count"),
                null,
                Set.of(),
                formats.isEmpty() || !parameters.contains(OUTPUT_FORMAT)
                        ? Map.of()
                        : Map.of(OUTPUT_FORMAT, new JsonObject().put("enum", formats)));
    }

    /** @param minimum name of the limit; null for 1 */
    private static NumberRange range(JsonNode limits, String minimum, String maximum) {
        long low = minimum == null ? 1 : limits.path(minimum).asLong(1);
        long high = limits.path(maximum).asLong(0);
        return high < low ? null : NumberRange.between(low, high);
    }
}
