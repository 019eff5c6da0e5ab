package dev.darkroom.backend.http;

import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.image.ChunkedBytes;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import java.util.zip.Inflater;
import java.util.zip.InflaterInputStream;

/**
 * Undoes the content coding of an answer (RFC 9110, section 8.4.1): gzip and deflate, which servers and proxies use although requests ask
 * for {@code identity}. Other registered codings are refused by name. Names that are no codings change nothing, as in browsers: servers
 * send {@code utf-8}, {@code none} and {@code aws-chunked}. Busy for a while: for workers.
 */
public final class ResponseContentDecoder {
    private static final int READ_BYTES = 16 * 1024;
    private static final int MAX_CODINGS = 2;

    /** The IANA registry, without {@code identity}. */
    private static final Set<String> REGISTERED = Set.of(
            "br", "compress", "dcb", "dcz", "deflate", "exi", "gzip", "pack200-gzip", "x-compress", "x-gzip", "zstd");

    private ResponseContentDecoder() {}

    /** Whether the body is coded. */
    static boolean isEncoded(MultiMap headers) {
        return !codings(headers).isEmpty();
    }

    /**
     * Decodes an answer.
     *
     * @param backendResponse its body is used up
     * @param maxBytes the largest body of a success; of an error, the first bytes are enough
     * @return the same answer when it is not coded; one that is cut off when the decoded body of a success is too large
     * @throws BackendCallException when a success cannot be decoded
     */
    public static BackendResponse decode(BackendResponse backendResponse, int maxBytes) {
        List<String> codings = codings(backendResponse.headers());
        if (codings.isEmpty() || backendResponse.body().length() == 0) {
            return backendResponse;
        }
        int limit = backendResponse.success() ? maxBytes : BackendResponse.MAX_ERROR_BYTES;
        ChunkedBytes.Builder decoded = new ChunkedBytes.Builder();
        boolean more = false;
        try (InputStream in = openDecoder(backendResponse.body().drain(), codings)) {
            byte[] step = new byte[READ_BYTES];
            for (int read = in.read(step); read >= 0 && !more; read = in.read(step)) {
                more = read > limit - decoded.length();
                decoded.append(step, 0, Math.min(read, limit - decoded.length()));
            }
        } catch (IOException e) {
            if (backendResponse.success()) {
                throw undecodable(codings, e);
            }
        }
        ChunkedBytes body = more && backendResponse.success() ? new ChunkedBytes.Builder().build() : decoded.build();
        MultiMap headers = MultiMap.caseInsensitiveMultiMap().addAll(backendResponse.headers());
        headers.remove(HttpHeaders.CONTENT_ENCODING);
        return new BackendResponse(backendResponse.status(), headers, body, more || backendResponse.truncated());
    }

    private static BackendCallException undecodable(List<String> codings, IOException e) {
        return new BackendCallException(
                e instanceof UnknownCodingException
                        ? BackendFailure.of(
                                        FailureClass.EMPTY_SUCCESS,
                                        "UNSUPPORTED_CODING",
                                        "The AI server's answer is in a content coding that was not asked for.")
                                .withDetail("Content-Encoding: " + String.join(", ", codings))
                        : BackendFailure.of(
                                        FailureClass.EMPTY_SUCCESS,
                                        "MALFORMED_RESPONSE",
                                        "The AI server reported success with an answer that cannot be read.")
                                .withDetail("content coding: " + e));
    }

    private static List<String> codings(MultiMap headers) {
        return headers.getAll(HttpHeaders.CONTENT_ENCODING).stream()
                .flatMap(line -> Stream.of(line.split(",", -1)))
                .map(coding -> coding.strip().toLowerCase(Locale.ROOT))
                .filter(REGISTERED::contains)
                .toList();
    }

    /** Codings are listed in the order in which they were applied. */
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

    /** Some servers leave the zlib wrapper out. */
    private static InputStream openInflater(InputStream in) throws IOException {
        PushbackInputStream peeking = new PushbackInputStream(in, 2);
        byte[] start = peeking.readNBytes(2);
        peeking.unread(start);
        if (start.length < 2) {
            throw new EOFException(Arrays.toString(start));
        }
        boolean zlib = (start[0] & 0x0f) == 8 && ((start[0] & 0xff) << 8 | start[1] & 0xff) % 31 == 0;
        return new InflaterInputStream(peeking, new Inflater(!zlib), READ_BYTES);
    }

    private static final class UnknownCodingException extends IOException {
        private static final long serialVersionUID = 1L;
    }
}
