package dev.darkroom.api.content;

import dev.darkroom.api.transport.ResponseWriter;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;

/**
 * A document that does not change while the process runs, with its gzip form. Each form has a strong entity tag. Caches must revalidate it.
 * Immutable; the bytes are shared by all responses.
 */
public final class StaticContent {
    private static final String GZIP = "gzip";
    private static final CharSequence NO_CACHE = HttpHeaders.createOptimized("no-cache");

    private final String mediaType;
    private final Form identity;

    /** Null when compression gains nothing. */
    private final Form gzip;

    /** Bytes in one content coding. */
    private record Form(Buffer bytes, String etag) {
        static Form of(byte[] bytes) {
            return new Form(Buffer.buffer(bytes), EntityTags.compute(bytes));
        }
    }

    private StaticContent(String mediaType, Form identity, Form gzip) {
        this.mediaType = mediaType;
        this.identity = identity;
        this.gzip = gzip;
    }

    /**
     * Compresses a document. Blocks.
     *
     * @param mediaType value of {@code Content-Type}
     */
    public static StaticContent of(String mediaType, byte[] bytes) {
        byte[] compressed = compress(bytes);
        return new StaticContent(
                mediaType, Form.of(bytes), compressed.length < bytes.length ? Form.of(compressed) : null);
    }

    /** As {@link #of(String, byte[])}, for a text. */
    public static StaticContent of(String mediaType, String text) {
        return of(mediaType, text.getBytes(StandardCharsets.UTF_8));
    }

    /** Returns whether the document is an HTML page. */
    public boolean isHtml() {
        return mediaType.startsWith("text/html");
    }

    private static byte[] compress(byte[] bytes) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (GZIPOutputStream stream = new BestCompression(out)) {
            stream.write(bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }

    private static final class BestCompression extends GZIPOutputStream {
        BestCompression(ByteArrayOutputStream out) throws IOException {
            super(out);
            def.setLevel(Deflater.BEST_COMPRESSION);
        }
    }

    /**
     * Responds to a GET or HEAD with the document, or with 304 when the client has it. Keeps headers that are set, except {@code
     * Cache-Control}. For event loops.
     */
    public void send(RoutingContext context) {
        Form form = gzip != null && acceptsGzip(context) ? gzip : identity;
        HttpServerResponse response = context.response()
                .putHeader(HttpHeaders.ETAG, form.etag())
                .putHeader(HttpHeaders.CACHE_CONTROL, NO_CACHE);
        // Another handler may vary by the origin.
        response.headers().add(HttpHeaders.VARY, HttpHeaders.ACCEPT_ENCODING);
        if (EntityTags.matches(context.request().getHeader(HttpHeaders.IF_NONE_MATCH), form.etag())) {
            response.setStatusCode(304).end();
            return;
        }
        response.putHeader(HttpHeaders.CONTENT_TYPE, mediaType);
        if (form == gzip) {
            response.putHeader(HttpHeaders.CONTENT_ENCODING, GZIP);
        }
        ResponseWriter.endShared(context.request(), form.bytes());
    }

    private static boolean acceptsGzip(RoutingContext context) {
        return context.parsedHeaders().acceptEncoding().stream()
                .anyMatch(coding -> coding.value().equalsIgnoreCase(GZIP) && coding.weight() > 0);
    }
}
