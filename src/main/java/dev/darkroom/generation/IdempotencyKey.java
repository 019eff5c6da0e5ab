package dev.darkroom.generation;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.TreeMap;
import java.util.UUID;

/**
 * Idempotency key of a request, so that the client may send it again (draft-ietf-httpapi-idempotency-key-header-07).
 *
 * @param key chosen by the client
 * @param fingerprint one or two hashes, separated by a space: of the request as sent, and of the request with the defaults applied
 */
public record IdempotencyKey(String key, String fingerprint) {
    /** Maximum length of a key in characters, the same as in the OpenAPI contract. */
    public static final int MAX_LENGTH = 255;

    /**
     * Returns the key of a request to create a generation.
     *
     * @param resolved the same request with the defaults applied
     */
    public static IdempotencyKey forCreate(String key, JsonObject request, GenerationRequest resolved) {
        return new IdempotencyKey(
                key,
                hash("create " + canonicalize(request)) + " "
                        + hash("create " + canonicalize(withDefaults(request, resolved))));
    }

    /**
     * Returns whether the request equals a stored one: with the same fields in any order, or with the same values after the defaults are
     * applied. The first comparison still matches after the operator has changed a default.
     *
     * @param storedFingerprint fingerprint of the stored request
     */
    public boolean matches(String storedFingerprint) {
        String[] stored = storedFingerprint.split(" ", -1);
        String[] own = fingerprint.split(" ", -1);
        return stored[0].equals(own[0]) || stored[stored.length - 1].equals(own[own.length - 1]);
    }

    /** Leaves out a missing seed, because each request without one gets another random seed. */
    private static JsonObject withDefaults(JsonObject request, GenerationRequest resolved) {
        JsonObject all = request.copy()
                .put("width", resolved.width())
                .put("height", resolved.height())
                .put("count", resolved.count())
                .put("priority", resolved.priority());
        return resolved.model() == null ? all : all.put("model", resolved.model());
    }

    /** Returns the key of a request to retry a generation. */
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
            // 512.0 and 512 are the same value.
            return number.longValue();
        }
        return value instanceof JsonArray array ? array.encode() : value;
    }

    private static String hash(String text) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(hash);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("SHA-256 is not available", e);
        }
    }
}
