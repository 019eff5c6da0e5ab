package dev.darkroom.api.openai;

import dev.darkroom.generation.RequestParameters;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Digests of requests, which are equal when an SDK sends a request again. Pure functions. */
final class RequestDigest {
    private RequestDigest() {}

    /** Returns the SHA-256 of an operation and its body, whose members may have any order. */
    static String of(String operationId, JsonObject body) {
        return sha256(operationId + "\n" + RequestParameters.canonical(body));
    }

    private static String sha256(String text) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(hash);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("SHA-256 is not available", e);
        }
    }
}
