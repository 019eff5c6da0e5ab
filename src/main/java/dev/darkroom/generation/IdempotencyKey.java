package dev.darkroom.generation;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.TreeMap;
import java.util.UUID;

/**
 * The name that a caller gave to a request, so that it may be sent again (draft-ietf-httpapi-idempotency-key-header-07).
 *
 * @param key as the caller made it up
 * @param fingerprint of what is asked for: as the caller wrote it, and with the defaults in place of what is left out
 */
public record IdempotencyKey(String key, String fingerprint) {
    /** As long as a key may be. The same stands in the contract. */
    public static final int MAX_LENGTH = 255;

    /** @param resolved the same request, every choice made */
    public static IdempotencyKey forCreate(String key, JsonObject request, GenerationRequest resolved) {
        return new IdempotencyKey(
                key,
                hash("create " + canonicalize(request)) + " "
                        + hash("create " + canonicalize(withDefaults(request, resolved))));
    }

    /**
     * Whether the request is one that was stored before: written alike, in whatever order, or asking for the same once the defaults
     * are applied. The first still holds when the operator has changed a default in between.
     */
    public boolean matches(String stored) {
        List<String> others = List.of(stored.split(" ", -1));
        String[] own = fingerprint.split(" ", -1);
        return others.get(0).equals(own[0]) || others.get(others.size() - 1).equals(own[own.length - 1]);
    }

    /** The seed is not resolved: without one each request has another. */
    private static JsonObject withDefaults(JsonObject request, GenerationRequest resolved) {
        JsonObject all = request.copy()
                .put("width", resolved.width())
                .put("height", resolved.height())
                .put("count", resolved.count())
                .put("priority", resolved.priority());
        return resolved.model() == null ? all : all.put("model", resolved.model());
    }

    public static IdempotencyKey forRetry(String key, UUID retryOf) {
        return new IdempotencyKey(key, hash("retry " + retryOf));
    }

    private static String canonicalize(JsonObject json) {
        TreeMap<String, Object> fields = new TreeMap<>();
        json.forEach(field -> fields.put(field.getKey(), canonicalize(field.getValue())));
        return new JsonObject(fields).encode();
    }

    private static Object canonicalize(Object value) {
        if (value instanceof JsonObject object) {
            return canonicalize(object);
        }
        if (value instanceof Number number && number.doubleValue() % 1 == 0) {
            // 512.0 asks for what 512 asks for.
            return number.longValue();
        }
        return value instanceof JsonArray array ? array.encode() : value;
    }

    private static String hash(String text) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(hash);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
