package dev.darkroom.backend.http;

import dev.darkroom.http.ContentCodings;
import dev.darkroom.http.OutboundResponse;
import dev.darkroom.image.ChunkedBytes;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPInputStream;
import java.util.zip.Inflater;
import java.util.zip.InflaterInputStream;

/**
 * Decodes the content coding of a response (RFC 9110, section 8.4.1). Supports gzip and deflate, which servers and proxies
 * use although requests accept only {@code identity}. Rejects other registered codings. CPU-bound, so large bodies belong
 * on a worker thread.
 */
public final class ResponseContentDecoder {
    private static final int READ_BYTES = 16 * 1024;
    private static final int MAX_CODINGS = 2;

    private ResponseContentDecoder() {}

    /**
     * Decodes a response.
     *
     * @param outboundResponse its body is drained
     * @param maxBytes maximum decoded body size of a success in bytes; an error is cut to its first bytes
     * @return the same response without a coding; a truncated one when the decoded body of a success exceeds the limit
     * @throws BackendCallException when the body of a success cannot be decoded
     */
    public static OutboundResponse decode(OutboundResponse outboundResponse, int maxBytes) {
        List<String> codings = ContentCodings.of(outboundResponse.headers());
        if (codings.isEmpty() || outboundResponse.body().length() == 0) {
            return outboundResponse;
        }
        int limit = outboundResponse.success() ? maxBytes : OutboundResponse.MAX_ERROR_BYTES;
        ChunkedBytes.Builder decoded = new ChunkedBytes.Builder();
        boolean exceeded = false;
        try (InputStream in = openDecoder(outboundResponse.body().drain(), codings)) {
            byte[] chunk = new byte[READ_BYTES];
            for (int read = in.read(chunk); read >= 0 && !exceeded; read = in.read(chunk)) {
                exceeded = read > limit - decoded.length();
                decoded.append(chunk, 0, Math.min(read, limit - decoded.length()));
            }
        } catch (IOException e) {
            if (outboundResponse.success()) {
                throw undecodable(codings, e);
            }
        }
        ChunkedBytes body =
                exceeded && outboundResponse.success() ? new ChunkedBytes.Builder().build() : decoded.build();
        MultiMap headers = MultiMap.caseInsensitiveMultiMap().addAll(outboundResponse.headers());
        headers.remove(HttpHeaders.CONTENT_ENCODING);
        return new OutboundResponse(outboundResponse.status(), headers, body, exceeded || outboundResponse.truncated());
    }

    private static BackendCallException undecodable(List<String> codings, IOException e) {
        return e instanceof UnknownCodingException
                ? BackendCallException.invalidResult(
                        "UNSUPPORTED_CONTENT_CODING",
                        "The response of the AI server has an unsupported content coding.",
                        "Content-Encoding: " + String.join(", ", codings))
                : BackendCallException.invalidResult(
                        "MALFORMED_RESPONSE",
                        "The AI server reported success with a malformed response.",
                        "content coding: " + e);
    }

    /** Decodes in reverse order, since the header lists codings in the order of their application. */
    private static InputStream openDecoder(InputStream body, List<String> codings) throws IOException {
        if (codings.size() > MAX_CODINGS) {
            throw new UnknownCodingException();
        }
        InputStream in = body;
        for (int i = codings.size() - 1; i >= 0; i--) {
            in = switch (codings.get(i)) {
                case "gzip", "x-gzip" -> new GZIPInputStream(in, READ_BYTES);
                case "deflate" -> openInflater(in);
                default -> throw new UnknownCodingException();
            };
        }
        return in;
    }

    /** Opens a deflate stream, with or without the zlib wrapper, which some servers omit. */
    private static InputStream openInflater(InputStream in) throws IOException {
        PushbackInputStream pushback = new PushbackInputStream(in, 2);
        byte[] start = pushback.readNBytes(2);
        pushback.unread(start);
        if (start.length < 2) {
            throw new EOFException(Arrays.toString(start));
        }
        boolean zlib = (start[0] & 0x0f) == 8 && ((start[0] & 0xff) << 8 | start[1] & 0xff) % 31 == 0;
        return new InflaterInputStream(pushback, new Inflater(!zlib), READ_BYTES);
    }

    private static final class UnknownCodingException extends IOException {
        private static final long serialVersionUID = 1L;
    }
}
