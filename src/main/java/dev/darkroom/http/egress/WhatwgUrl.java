package dev.darkroom.http.egress;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import okhttp3.HttpUrl;

/**
 * An HTTP or HTTPS URL that a server sent, read as browsers read it (WHATWG URL): with blanks, brackets, lone percent signs and other
 * letters. OkHttp does the work.
 */
public final class WhatwgUrl {
    private final HttpUrl url;

    private WhatwgUrl(HttpUrl url) {
        this.url = url;
    }

    /** Returns null when the text is no absolute HTTP or HTTPS URL. */
    public static WhatwgUrl parse(String text) {
        HttpUrl url = HttpUrl.parse(text);
        return url == null ? null : new WhatwgUrl(url);
    }

    /**
     * Resolves the value of a header {@code Location} against this URL.
     *
     * @param location as HTTP decodes it, one character a byte
     * @return null when it leads to no HTTP or HTTPS URL
     */
    public WhatwgUrl resolve(String location) {
        HttpUrl next = url.resolve(decodeUtf8(location));
        return next == null ? null : new WhatwgUrl(next);
    }

    /** Servers send UTF-8 where a URL should be ASCII. Other bytes stay what they are. */
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

    /** The same URL for the client. */
    public OutboundUrl toOutboundUrl() {
        String query = url.encodedQuery();
        String target = query == null ? url.encodedPath() : url.encodedPath() + "?" + query;
        return OutboundUrl.of(url.isHttps(), url.host(), url.port(), target);
    }
}
