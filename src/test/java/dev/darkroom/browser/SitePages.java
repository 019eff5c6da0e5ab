package dev.darkroom.browser;

import java.util.List;

/** The pages of a service without authentication and with its own simulator. */
final class SitePages {
    /** Paths of all pages, each with a selector of an element that shows that it is complete. */
    static final List<SitePage> ALL = List.of(
            new SitePage("/", "#gallery-title"),
            new SitePage("/#/break-it", ".breaker-states"),
            new SitePage("/#/admin", "#backends-title"),
            new SitePage("/#/nowhere", "main h1"),
            new SitePage("/docs", ".opblock"),
            new SitePage("/docs/events", "h1"),
            new SitePage("/docs/guide", "h1"),
            new SitePage("/docs/guide/tour", "h1"),
            new SitePage("/docs/guide/configuration", "table"));

    /** A page and the selector of an element that it shows when it is complete. */
    record SitePage(String path, String complete) {}

    private SitePages() {}
}
