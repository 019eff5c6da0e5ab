package dev.darkroom.generation.store;

import dev.darkroom.backend.InputImages;
import dev.darkroom.generation.GenerationRequest;
import dev.darkroom.generation.GenerationSpec;
import dev.darkroom.generation.RequestParameters;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Collectors;

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
    public static IdempotencyKey forCreate(String key, GenerationSpec spec, GenerationRequest resolved) {
        Map<String, Object> fields = statedFields(spec);
        String asSent = hash("create " + encode(fields));
        fields.put("width", resolved.width());
        fields.put("height", resolved.height());
        fields.put("count", resolved.count());
        fields.put("priority", resolved.priority());
        putPresent(fields, "model", resolved.model());
        return new IdempotencyKey(key, asSent + " " + hash("create " + encode(fields)));
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

    /** Returns the key of a request to retry a generation. */
    public static IdempotencyKey forRetry(String key, UUID retryOf) {
        return new IdempotencyKey(key, hash("retry " + retryOf));
    }

    /**
     * Returns the key of a request in the form of another API.
     *
     * @param bodyDigest digest of the body
     */
    public static IdempotencyKey forBody(String key, String bodyDigest) {
        return new IdempotencyKey(key, hash("body " + bodyDigest));
    }

    /** Returns the fields that the client stated. A missing seed stays out: each such request gets another one. */
    private static Map<String, Object> statedFields(GenerationSpec spec) {
        Map<String, Object> fields = new HashMap<>();
        putPresent(fields, "prompt", spec.prompt());
        putPresent(fields, "negativePrompt", spec.negativePrompt());
        putPresent(fields, "width", spec.width());
        putPresent(fields, "height", spec.height());
        putPresent(fields, "count", spec.count());
        putPresent(fields, "seed", spec.seed());
        putPresent(fields, "model", spec.model());
        putPresent(fields, "metadata", spec.metadata() == null ? null : encode(spec.metadata()));
        putPresent(
                fields,
                "parameters",
                spec.parameters() == null ? null : RequestParameters.canonical(spec.parameters()));
        putPresent(fields, "inputImages", spec.inputs().isEmpty() ? null : canonical(spec.inputs()));
        putPresent(fields, "priority", spec.priority());
        if (spec.webhook() != null) {
            fields.put("webhookUrl", spec.webhook().url());
        }
        return fields;
    }

    /** Returns the same text for the same images. Leaves out the storage keys, which are those of Darkroom. */
    private static String canonical(InputImages inputs) {
        return inputs.all().stream()
                .map(image -> image.uploaded() ? "upload " + image.uploadId() : "url " + image.url())
                .collect(Collectors.joining("\n", inputs.mask() == null ? "images " : "masked ", ""));
    }

    private static void putPresent(Map<String, Object> fields, String name, Object value) {
        if (value != null) {
            fields.put(name, value);
        }
    }

    /** Returns the same text for the same fields in any order. */
    private static String encode(Map<String, ?> fields) {
        return new JsonObject(new TreeMap<>(fields)).encode();
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
