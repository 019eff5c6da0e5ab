package dev.darkroom.documentation;

import static dev.darkroom.documentation.DocumentationSite.TITLE_SUFFIX;

import dev.darkroom.documentation.GuideNavigation.Pages;
import dev.darkroom.documentation.PageFrame.ContentsEntry;
import dev.darkroom.documentation.PageFrame.Page;
import dev.darkroom.documentation.markdown.LinkResolver;
import dev.darkroom.documentation.markdown.MarkdownHtmlRenderer;
import dev.darkroom.documentation.markdown.MarkdownPage;
import dev.darkroom.documentation.markdown.MarkdownPageParser;
import dev.darkroom.documentation.markdown.PackagedFiles;
import dev.darkroom.documentation.markdown.SiteUrls;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/** The pages that depend on the Markdown files: guide, events, search index. Renders each document when it is requested. */
final class Guide {
    private static final int DEEPEST_CONTENTS_LEVEL = 3;

    private final Map<String, Supplier<SiteDocument>> documents = new LinkedHashMap<>();
    private final PackagedFiles files;
    private final PageFrame frame;
    private final MarkdownPageParser parser;
    private final MarkdownHtmlRenderer markdown;
    private final NavigationHtml navigation;

    private Guide(
            PackagedFiles files,
            PageFrame frame,
            MarkdownPageParser parser,
            MarkdownHtmlRenderer markdown,
            NavigationHtml navigation) {
        this.files = files;
        this.frame = frame;
        this.parser = parser;
        this.markdown = markdown;
        this.navigation = navigation;
    }

    /** Parses all Markdown files. Blocks for a part of a second. */
    static Guide parse(PackagedFiles files, PageFrame frame) {
        LinkResolver links = new LinkResolver(files);
        MarkdownPageParser parser = new MarkdownPageParser();
        PageCrawler crawler = new PageCrawler(files, links, parser);
        Pages pages = crawler.findPages();
        GuideNavigation navigation = GuideNavigation.create(pages, links);
        Guide guide = new Guide(files, frame, parser, new MarkdownHtmlRenderer(links), new NavigationHtml(navigation));
        guide.addDocuments(pages, navigation, crawler.pictures());
        return guide;
    }

    private void addDocuments(Pages pages, GuideNavigation order, Set<String> pictures) {
        GuideHome home = new GuideHome(order, pages.byFile().get(GuideNavigation.README));
        documents.put(SiteUrls.GUIDE, () -> page(SiteUrls.GUIDE, "Guide", home.render(), List.of()));
        documents.put(SiteUrls.EVENTS, this::events);
        documents.put(
                SiteUrls.SEARCH_INDEX,
                () -> SiteDocument.of(
                        "application/json", SearchIndex.create(order.order()).encode()));
        pages.byFile().values().forEach(page -> documents.put(page.url(), () -> page(page)));
        pictures.forEach(file -> documents.put(SiteUrls.picture(file), () -> picture(file)));
    }

    /** Returns a document, or empty when none has this URL. @param url path of the URL without the first slash */
    Optional<SiteDocument> find(String url) {
        return Optional.ofNullable(documents.get(url)).map(Supplier::get);
    }

    /** Returns the URLs of all documents. */
    Set<String> urls() {
        return documents.keySet();
    }

    SiteDocument notFoundPage(String url) {
        String content = PageTemplate.load("not-found.html").fill(Map.of("root", SiteUrls.root(url)));
        return page(url, "Page not found", content, List.of());
    }

    private SiteDocument events() {
        EventsPage.Content events = EventsPage.render(files, parser, markdown);
        return page(SiteUrls.EVENTS, "Events", events.html(), events.contents());
    }

    private SiteDocument page(String url, String title, String content, List<ContentsEntry> contents) {
        return SiteDocument.html(frame.render(new Page(
                url,
                title + TITLE_SUFFIX,
                navigation.sidebar(url, null),
                PageFrame.main(content),
                contents,
                List.of())));
    }

    private SiteDocument page(MarkdownPage page) {
        return SiteDocument.html(frame.render(new Page(
                page.url(),
                page.title() + TITLE_SUFFIX,
                navigation.sidebar(page.url(), page),
                PageFrame.main(markdown.render(page.url(), page) + navigation.neighbours(page)),
                page.headings().stream()
                        .filter(heading -> heading.level() > 1 && heading.level() <= DEEPEST_CONTENTS_LEVEL)
                        .map(heading -> new ContentsEntry(heading.level(), heading.anchor(), heading.text()))
                        .toList(),
                List.of())));
    }

    private SiteDocument picture(String file) {
        return new SiteDocument(file.endsWith(".svg") ? "image/svg+xml" : "image/png", files.read(file));
    }
}
