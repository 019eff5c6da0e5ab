package dev.darkroom.documentation;

import java.nio.charset.StandardCharsets;

/** A page, an image or a data file of the documentation. */
public record SiteDocument(String mediaType, byte[] bytes) {
    private static final String HTML = "text/html; charset=utf-8";

    static SiteDocument html(String text) {
        return of(HTML, text);
    }

    static SiteDocument of(String mediaType, String text) {
        return new SiteDocument(mediaType, text.getBytes(StandardCharsets.UTF_8));
    }
}
