package dev.darkroom.api.contract;

import com.fasterxml.jackson.annotation.JsonFormat;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import dev.darkroom.eventbus.Rfc3339Timestamp;
import io.vertx.core.json.JsonObject;
import java.time.OffsetDateTime;
import java.util.Map;
import java.util.TimeZone;

/** Encodes records as the JSON of HTTP responses. Components that are null are absent. Thread-safe. */
public final class RecordJson {
    private static final ObjectMapper MAPPER = JsonMapper.builder()
            .addModule(new JavaTimeModule())
            .withConfigOverride(
                    OffsetDateTime.class,
                    times -> times.setFormat(JsonFormat.Value.forPattern(Rfc3339Timestamp.PATTERN)
                            .withTimeZone(TimeZone.getTimeZone("UTC"))))
            .serializationInclusion(JsonInclude.Include.NON_NULL)
            .build();

    private RecordJson() {}

    /**
     * Returns a JSON object with the components of a record, in their order.
     *
     * @param value a record
     */
    @SuppressWarnings("unchecked")
    public static JsonObject encode(Object value) {
        return new JsonObject((Map<String, Object>) MAPPER.convertValue(value, Map.class));
    }
}
