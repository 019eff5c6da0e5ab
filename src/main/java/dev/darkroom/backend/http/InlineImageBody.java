package dev.darkroom.backend.http;

import dev.darkroom.image.Image;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Base64;
import java.util.List;

/**
 * Encodes a JSON object with images in base64. Copies each image once, block by block, so that no text with the size of an image exists.
 * CPU-bound. Not thread-safe.
 */
public final class InlineImageBody {
    /** A multiple of three, so that only the last block is padded. */
    private static final int BLOCK_BYTES = 3 * 16 * 1024;

    /** Room for the other members. */
    private static final int TEXT_BYTES = 32 * 1024;

    private final Buffer json;
    private final boolean dataUrls;
    private boolean empty = true;
    private int depth;

    /**
     * @param imageBytes size of all images together
     * @param dataUrls true for {@code data:image/png;base64,…}, false for base64 alone
     */
    public InlineImageBody(int imageBytes, boolean dataUrls) {
        this.json = Buffer.buffer(Math.toIntExact(imageBytes * 4L / 3) + TEXT_BYTES);
        this.dataUrls = dataUrls;
    }

    /** Starts an object with these members, to which the images are added. */
    public InlineImageBody start(JsonObject fields) {
        Buffer encoded = fields.toBuffer();
        json.appendBuffer(encoded.slice(0, encoded.length() - 1));
        empty = fields.isEmpty();
        depth++;
        return this;
    }

    /** Starts an object as a member of the current one. */
    public InlineImageBody start(String name, JsonObject fields) {
        addName(name);
        return start(fields);
    }

    /**
     * Adds a member with one image.
     *
     * @param name in ASCII, without quotes
     */
    public InlineImageBody add(String name, Image image) {
        addName(name);
        append(image);
        return this;
    }

    /** Adds a member with a list of images. */
    public InlineImageBody addAll(String name, List<Image> images) {
        addName(name);
        json.appendString("[");
        for (int i = 0; i < images.size(); i++) {
            json.appendString(i == 0 ? "" : ",");
            append(images.get(i));
        }
        json.appendString("]");
        return this;
    }

    private void addName(String name) {
        json.appendString(empty ? "\"" : ",\"").appendString(name).appendString("\":");
        empty = false;
    }

    private void append(Image image) {
        json.appendString("\"");
        if (dataUrls) {
            json.appendString("data:" + image.format().contentType() + ";base64,");
        }
        try (InputStream in = image.bytes().openStream(0)) {
            for (byte[] block = in.readNBytes(BLOCK_BYTES); block.length > 0; block = in.readNBytes(BLOCK_BYTES)) {
                json.appendBytes(Base64.getEncoder().encode(block));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        json.appendString("\"");
    }

    /** Returns the whole body. No image may be added afterwards. */
    public Buffer end() {
        return json.appendString("}".repeat(depth));
    }
}
