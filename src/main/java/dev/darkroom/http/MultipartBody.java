package dev.darkroom.http;

import dev.darkroom.image.ChunkedBytes;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.UUID;

/**
 * Encodes a request body with the media type {@code multipart/form-data} (RFC 7578). Names and values of fields are those of the protocol
 * or of users; a boundary is random, so that no value contains it. Not thread-safe.
 */
public final class MultipartBody {
    private static final int BLOCK_BYTES = 64 * 1024;

    private final String boundary = "darkroom-" + UUID.randomUUID();
    private final Buffer body;

    /** @param expectedBytes of all parts together; more are possible */
    public MultipartBody(int expectedBytes) {
        this.body = Buffer.buffer(expectedBytes);
    }

    /** Returns the value of the header {@code Content-Type}. */
    public String contentType() {
        return "multipart/form-data; boundary=" + boundary;
    }

    /** Adds a text field. */
    public MultipartBody addText(String name, String value) {
        startPart(name).appendString("\r\n\r\n").appendString(value).appendString("\r\n");
        return this;
    }

    /** Adds a file. */
    public MultipartBody addFile(String name, String fileName, String mediaType, ChunkedBytes content) {
        startPart(name)
                .appendString("; filename=\"" + escape(fileName) + "\"\r\nContent-Type: " + mediaType + "\r\n\r\n");
        byte[] block = new byte[BLOCK_BYTES];
        try (InputStream in = content.openStream(0)) {
            for (int count = in.read(block); count >= 0; count = in.read(block)) {
                body.appendBytes(block, 0, count);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        body.appendString("\r\n");
        return this;
    }

    private Buffer startPart(String name) {
        return body.appendString("--" + boundary + "\r\nContent-Disposition: form-data; name=\"" + escape(name) + "\"");
    }

    /** Escapes the characters that would end a name, as browsers do (HTML, section 4.10.21.8). */
    private static String escape(String name) {
        return name.replace("\"", "%22").replace("\r", "%0D").replace("\n", "%0A");
    }

    /** Returns the whole body. No part may be added afterwards. */
    public Buffer end() {
        return body.appendString("--" + boundary + "--\r\n");
    }
}
