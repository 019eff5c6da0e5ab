package dev.darkroom.backend.executor;

import dev.darkroom.backend.BackendKeyStatus;
import dev.darkroom.backend.executor.BackendExecutor.BreakerState;
import dev.darkroom.eventbus.Rfc3339Timestamp;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;

/** State of an AI server in this process as JSON, for operators and other processes. */
public final class BackendJson {
    private BackendJson() {}

    /**
     * Returns {@code {"name", "breaker", "drained", "retryAfterMs", "concurrency", "availablePermits", "apiKeys"}}, with {@code "openUntil"}
     * while the breaker is open. An API key is {@code {"name", "state"}}, with {@code "cooldownUntil"} during its cooldown.
     */
    public static JsonObject toJson(BackendExecutor executor) {
        JsonObject json = new JsonObject()
                .put("name", executor.name())
                .put("breaker", executor.state().name())
                .put("drained", executor.drained())
                .put("retryAfterMs", executor.remainingPause().toMillis())
                .put("concurrency", executor.concurrency())
                .put("availablePermits", executor.availablePermits())
                .put(
                        "apiKeys",
                        new JsonArray(executor.keys().stream()
                                .map(BackendJson::toJson)
                                .toList()));
        return BreakerState.OPEN.name().equals(json.getString("breaker"))
                ? json.put("openUntil", timeAfter(executor.remainingOpenDuration()))
                : json;
    }

    private static JsonObject toJson(BackendKeyStatus key) {
        JsonObject json = new JsonObject()
                .put("name", key.name())
                .put("state", key.state().name());
        return key.remainingCooldown().isZero() ? json : json.put("cooldownUntil", timeAfter(key.remainingCooldown()));
    }

    private static String timeAfter(Duration delay) {
        return Rfc3339Timestamp.format(OffsetDateTime.now(ZoneOffset.UTC).plus(delay));
    }
}
