package dev.darkroom.simulator.http;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.util.List;
import org.apache.commons.codec.digest.DigestUtils;

/**
 * Image in a request. Stores its hash and not its bytes. Immutable.
 *
 * @param field name of the field in the request
 * @param bytes size
 * @param sha256 hash in lower-case hexadecimal
 */
public record SimulatorInputImage(String field, int bytes, String sha256) {

    public static SimulatorInputImage of(String field, Buffer content) {
        return new SimulatorInputImage(field, content.length(), DigestUtils.sha256Hex(content.getBytes()));
    }

    /** Returns a seed that differs for different images, so that the rendered image depends on them. The same seed without images. */
    public static long mixSeed(long seed, List<SimulatorInputImage> images) {
        return images.isEmpty() ? seed : seed ^ images.hashCode();
    }

    JsonObject toJson() {
        return new JsonObject().put("field", field).put("bytes", bytes).put("sha256", sha256);
    }
}
