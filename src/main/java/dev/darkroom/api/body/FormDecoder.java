package dev.darkroom.api.body;

import dev.darkroom.api.problem.Problem;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.multipart.DefaultHttpDataFactory;
import io.netty.handler.codec.http.multipart.FileUpload;
import io.netty.handler.codec.http.multipart.HttpData;
import io.netty.handler.codec.http.multipart.HttpPostMultipartRequestDecoder;
import io.netty.handler.codec.http.multipart.HttpPostRequestDecoder.EndOfDataDecoderException;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decodes a body of the type {@code multipart/form-data} (RFC 7578) in pieces. Holds the parts that are not complete in memory. The number
 * of parts and the size of their heads are limited; the caller limits their content. Must be closed. Not thread-safe.
 */
final class FormDecoder implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(FormDecoder.class);
    private static final int MAX_PARTS = 100;
    private static final int MAX_HEAD_BYTES = 16 * 1024;

    /** Nested parts that end within a piece are decoded recursively. */
    private static final int PIECE_BYTES = 8 * 1024;

    /** RFC 2046, section 5.1.1, in quotes or without. */
    private static final Pattern BOUNDARY = Pattern.compile(
            ";\\s*boundary=(?:\"([0-9A-Za-z'()+_,./:=? -]{1,70})\"|([0-9A-Za-z'()+_./:=?-]{1,70}))\\s*(?:;|$)",
            Pattern.CASE_INSENSITIVE);

    /** Allocates in the heap. The buffers live as long as the part, and {@link RequestBodyMemory} limits the heap of all bodies. */
    private static final ByteBufAllocator ALLOCATOR = new UnpooledByteBufAllocator(false);

    private final HttpPostMultipartRequestDecoder decoder;

    /**
     * @param contentType value of the header {@code Content-Type}
     * @throws Problem when it has no valid boundary
     */
    FormDecoder(String contentType) {
        Matcher boundary = BOUNDARY.matcher(contentType);
        if (!boundary.find()) {
            throw Problem.invalid("Content-Type", "must be multipart/form-data with a boundary");
        }
        HttpRequest request = new DefaultHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.POST, "/");
        request.headers()
                .set(
                        HttpHeaderNames.CONTENT_TYPE,
                        "multipart/form-data; boundary=\""
                                + (boundary.group(1) == null ? boundary.group(2) : boundary.group(1)) + "\"");
        decoder = new HttpPostMultipartRequestDecoder(
                new DefaultHttpDataFactory(false), request, StandardCharsets.UTF_8, MAX_PARTS, MAX_HEAD_BYTES);
    }

    /**
     * Decodes the next piece and returns the parts that are complete now.
     *
     * @throws Problem when the body is malformed
     */
    List<FormPart> decode(Buffer data) {
        List<FormPart> parts = new ArrayList<>();
        byte[] bytes = data.getBytes();
        for (int start = 0; start < bytes.length; start += PIECE_BYTES) {
            int length = Math.min(PIECE_BYTES, bytes.length - start);
            ByteBuf piece = ALLOCATOR.heapBuffer(length).writeBytes(bytes, start, length);
            decode(new DefaultHttpContent(piece), parts);
        }
        return parts;
    }

    /** @throws Problem when the body is incomplete */
    void end() {
        List<FormPart> parts = new ArrayList<>();
        if (!decode(LastHttpContent.EMPTY_LAST_CONTENT, parts)) {
            throw Problem.invalid("#", "is not complete: the closing boundary is missing");
        }
    }

    /** @return whether the closing boundary and the end of the body arrived */
    private boolean decode(HttpContent piece, List<FormPart> parts) {
        try {
            decoder.offer(piece);
            while (decoder.hasNext()) {
                parts.add(toPart((HttpData) decoder.next()));
            }
            return false;
        } catch (EndOfDataDecoderException e) {
            return true;
        } catch (IOException | RuntimeException e) {
            // The decoder throws various exceptions for malformed heads of parts.
            LOG.atDebug().addKeyValue("reason", e.toString()).log("form rejected");
            throw Problem.invalid("#", "is not well-formed multipart/form-data");
        } finally {
            piece.release();
        }
    }

    private FormPart toPart(HttpData data) throws IOException {
        byte[] content = data.get();
        FormPart part = new FormPart(
                data.getName(),
                data instanceof FileUpload,
                data instanceof FileUpload upload ? mediaType(upload) : null,
                data.getCharset(),
                content);
        // Frees the content; the decoder keeps the name until the end.
        data.delete();
        return part;
    }

    private static String mediaType(FileUpload upload) {
        String declared = upload.getContentType();
        return declared == null ? null : declared.split(";", -1)[0].trim().toLowerCase(Locale.ROOT);
    }

    /** Returns the incomplete part; null between parts. */
    private HttpData open() {
        return (HttpData) decoder.currentPartialHttpData();
    }

    /** Returns the name of the incomplete part; null between parts. */
    String openName() {
        return open() == null ? null : open().getName();
    }

    /** Returns the number of bytes that have arrived of the incomplete part. */
    long openBytes() {
        return open() == null ? 0 : open().length();
    }

    @Override
    public void close() {
        decoder.destroy();
    }
}
