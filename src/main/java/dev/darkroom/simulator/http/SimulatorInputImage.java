package dev.darkroom.simulator.http;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.Base64;
import java.util.List;
import org.apache.commons.codec.digest.DigestUtils;

/**
 * Image in a request. Stores its hash and not its bytes. Immutable.
 *
 * @param field name of the field in the request
 * @param fileName null for an image in JSON
 * @param bytes size
 * @param sha256 hash in lower-case hexadecimal
 */
public record SimulatorInputImage(String field, String fileName, int bytes, String sha256) {

    /** @param fileName null for an image in JSON */
    public static SimulatorInputImage of(String field, String fileName, Buffer content) {
        return new SimulatorInputImage(field, fileName, content.length(), DigestUtils.sha256Hex(content.getBytes()));
    }

    /** Returns the same image in another field. */
    public SimulatorInputImage withField(String name) {
        return new SimulatorInputImage(name, fileName, bytes, sha256);
    }

    /**
     * Decodes the images of a request in JSON.
     *
     * @param value base64, a data URL, or a list of them; null for none. A URL is not fetched
     * @throws SimulatorRequestException when a text is none of these
     */
    public static List<SimulatorInputImage> decode(String field, Object value) {
        if (value instanceof JsonArray values) {
            return values.stream().flatMap(each -> decode(field, each).stream()).toList();
        }
        if (value == null || String.valueOf(value).startsWith("http")) {
            return List.of();
        }
        String text = String.valueOf(value);
        try {
            byte[] content = Base64.getDecoder().decode(text.substring(text.indexOf(',') + 1));
            return List.of(of(field, null, Buffer.buffer(content)));
        } catch (IllegalArgumentException e) {
            throw new SimulatorRequestException("Invalid encoded image", field);
        }
    }

    /** Returns a seed that differs for different images, so that the rendered image depends on them. The same seed without images. */
    public static long mixSeed(long seed, List<SimulatorInputImage> images) {
        return images.isEmpty() ? seed : seed ^ images.hashCode();
    }

    JsonObject toJson() {
        return new JsonObject().put("field", field).put("bytes", bytes).put("sha256", sha256);
    }
}
