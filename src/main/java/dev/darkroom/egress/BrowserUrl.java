package dev.darkroom.egress;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import okhttp3.HttpUrl;

/**
 * An HTTP or HTTPS URL that a server sent, read as browsers read it (WHATWG URL): with blanks, brackets, lone percent signs and other
 * letters. OkHttp does the work.
 */
public final class BrowserUrl {
    private final HttpUrl url;

    private BrowserUrl(HttpUrl url) {
        this.url = url;
    }

    /** Returns null when the text is no absolute HTTP or HTTPS URL. */
    public static BrowserUrl parse(String text) {
        HttpUrl url = HttpUrl.parse(text);
        return url == null ? null : new BrowserUrl(url);
    }

    /**
     * Resolves the value of a header {@code Location} against this URL.
     *
     * @param location as HTTP decodes it, one character a byte
     * @return null when it leads to no HTTP or HTTPS URL
     */
    public BrowserUrl resolve(String location) {
        HttpUrl next = url.resolve(utf8(location));
        return next == null ? null : new BrowserUrl(next);
    }

    /** Servers send UTF-8 where a URL should be ASCII. Other bytes stay what they are. */
    private static String utf8(String header) {
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
    public OutboundUrl outbound() {
        String query = url.encodedQuery();
        String target = query == null ? url.encodedPath() : url.encodedPath() + "?" + query;
        return OutboundUrl.of(url.isHttps(), url.host(), url.port(), target);
    }
}
