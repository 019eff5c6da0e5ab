package dev.darkroom.http;

import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Reads the content codings of a response (RFC 9110, section 8.4.1). Ignores unregistered names, as browsers do: servers send
 * {@code utf-8}, {@code none} and {@code aws-chunked}.
 */
public final class ContentCodings {
    /** Codings in the IANA registry, without {@code identity}. */
    private static final Set<String> REGISTERED = Set.of(
            "br", "compress", "dcb", "dcz", "deflate", "exi", "gzip", "pack200-gzip", "x-compress", "x-gzip", "zstd");

    private ContentCodings() {}

    /** Returns the registered codings in lower case, in the order of their application. */
    public static List<String> of(MultiMap headers) {
        return headers.getAll(HttpHeaders.CONTENT_ENCODING).stream()
                .flatMap(line -> Stream.of(line.split(",", -1)))
                .map(coding -> coding.strip().toLowerCase(Locale.ROOT))
                .filter(REGISTERED::contains)
                .toList();
    }
}
