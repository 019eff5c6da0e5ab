package dev.darkroom.http.egress;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import okhttp3.HttpUrl;

/**
 * HTTP or HTTPS URL from a server, parsed like in browsers (WHATWG URL): accepts blanks, brackets, lone percent signs and
 * non-ASCII characters. Based on OkHttp. Immutable.
 */
public final class WhatwgUrl {
    private final HttpUrl url;

    private WhatwgUrl(HttpUrl url) {
        this.url = url;
    }

    /** Parses a URL. Returns null when the text is not an absolute HTTP or HTTPS URL. */
    public static WhatwgUrl parse(String text) {
        HttpUrl url = HttpUrl.parse(text);
        return url == null ? null : new WhatwgUrl(url);
    }

    /**
     * Resolves a {@code Location} header against this URL.
     *
     * @param location decoded by HTTP with one character per byte
     * @return null when the result is not an HTTP or HTTPS URL
     */
    public WhatwgUrl resolve(String location) {
        HttpUrl next = url.resolve(decodeUtf8(location));
        return next == null ? null : new WhatwgUrl(next);
    }

    /** Decodes UTF-8, which servers send although a URL should be ASCII. Returns other bytes unchanged. */
    private static String decodeUtf8(String header) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(header.getBytes(StandardCharsets.ISO_8859_1)))
                    .toString();
        } catch (CharacterCodingException e) {
            return header;
        }
    }

    /** Converts this URL for the HTTP client. */
    public OutboundUrl toOutboundUrl() {
        String query = url.encodedQuery();
        String target = query == null ? url.encodedPath() : url.encodedPath() + "?" + query;
        return OutboundUrl.of(url.isHttps(), url.host(), url.port(), target);
    }
}
