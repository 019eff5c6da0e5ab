package dev.darkroom.documentation;

import dev.darkroom.documentation.GuideNavigation.Pages;
import dev.darkroom.documentation.PageFrame.ContentsEntry;
import dev.darkroom.documentation.PageFrame.Page;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** All pages of the documentation, rendered from the files of the jar. Immutable. */
public final class DocumentationSite {
    private static final String TITLE_SUFFIX = " · Darkroom";

    /** Folder of the package of Swagger UI, with the version of pom.xml. */
    private static final String SWAGGER_UI = "/META-INF/resources/webjars/swagger-ui/5.35.0/";

    private static final int DEEPEST_CONTENTS_LEVEL = 3;

    private final Map<String, SiteDocument> documents;
    private final NavigationHtml navigation;
    private final PageFrame frame;

    private DocumentationSite(Map<String, SiteDocument> documents, NavigationHtml navigation, PageFrame frame) {
        this.documents = documents;
        this.navigation = navigation;
        this.frame = frame;
    }

    /**
     * Renders all pages. Blocks for a part of a second.
     *
     * @param version of the service, shown on the pages
     */
    public static DocumentationSite render(String version) {
        PackagedFiles files = new PackagedFiles();
        LinkResolver links = new LinkResolver(files);
        MarkdownPageParser parser = new MarkdownPageParser();
        MarkdownHtmlRenderer markdown = new MarkdownHtmlRenderer(links);
        PageCrawler crawler = new PageCrawler(files, links, parser);
        Pages pages = crawler.findPages();
        GuideNavigation navigation = GuideNavigation.create(pages, links);
        DocumentationSite site =
                new DocumentationSite(new LinkedHashMap<>(), new NavigationHtml(navigation), new PageFrame(version));
        site.addReference();
        site.addEvents(EventsPage.render(files, parser, markdown), files);
        site.addHome(new GuideHome(navigation, pages.byFile().get(GuideNavigation.README)).render());
        pages.byFile().values().forEach(page -> site.addPage(page, markdown.render(page.url(), page)));
        site.addPictures(crawler.pictures(), files);
        site.addAssets();
        site.documents.put(
                SiteUrls.SEARCH_INDEX,
                SiteDocument.of(
                        "application/json",
                        SearchIndex.create(navigation.order()).encode()));
        return site;
    }

    /** Returns the documents by the path of their URL, without the first slash. */
    public Map<String, SiteDocument> documents() {
        return Map.copyOf(documents);
    }

    /** Returns the page for a URL below the guide that no page has. */
    public SiteDocument notFoundPage(String url) {
        return page(new Page(
                url,
                "Page not found" + TITLE_SUFFIX,
                navigation.sidebar(url, null),
                PageFrame.main(PageTemplate.load("not-found.html").fill(Map.of("root", SiteUrls.root(url)))),
                List.of(),
                List.of()));
    }

    private void addReference() {
        String url = SiteUrls.REFERENCE;
        String content = PageTemplate.load("reference.html").fill(Map.of("root", SiteUrls.root(url)));
        put(new Page(
                url,
                "API reference" + TITLE_SUFFIX,
                "",
                content,
                List.of(),
                List.of("swagger-ui.css", "reference.css", "reference.js")));
    }

    private void addEvents(EventsPage.Content events, PackagedFiles files) {
        String url = SiteUrls.EVENTS;
        put(new Page(
                url,
                "Events" + TITLE_SUFFIX,
                navigation.sidebar(url, null),
                PageFrame.main(events.html()),
                events.contents(),
                List.of()));
        documents.put(
                SiteUrls.ASYNCAPI_DOCUMENT, SiteDocument.of("application/yaml", files.readText("docs/asyncapi.yaml")));
        documents.put(
                SiteUrls.EVENT_SCHEMAS,
                SiteDocument.of("application/json", files.readText("docs/schemas/notifications.schema.json")));
    }

    private void addHome(String content) {
        String url = SiteUrls.GUIDE;
        put(new Page(
                url,
                "Guide" + TITLE_SUFFIX,
                navigation.sidebar(url, null),
                PageFrame.main(content),
                List.of(),
                List.of()));
    }

    private void addPage(MarkdownPage page, String html) {
        put(new Page(
                page.url(),
                page.title() + TITLE_SUFFIX,
                navigation.sidebar(page.url(), page),
                PageFrame.main(html + navigation.neighbours(page)),
                page.headings().stream()
                        .filter(heading -> heading.level() > 1 && heading.level() <= DEEPEST_CONTENTS_LEVEL)
                        .map(heading -> new ContentsEntry(heading.level(), heading.anchor(), heading.text()))
                        .toList(),
                List.of()));
    }

    private void addAssets() {
        for (String name : List.of("site.css", "site.js", "search.js", "reference.css", "reference.js")) {
            addAsset(name, PageTemplate.FOLDER + name);
        }
        for (String name : List.of("swagger-ui.css", "swagger-ui-bundle.js")) {
            addAsset(name, SWAGGER_UI + name);
        }
    }

    private void addAsset(String name, String resource) {
        String mediaType = name.endsWith(".css") ? "text/css; charset=utf-8" : "text/javascript; charset=utf-8";
        documents.put(SiteUrls.ASSETS + name, new SiteDocument(mediaType, PackagedFiles.readResource(resource)));
    }

    private void addPictures(Set<String> pictures, PackagedFiles files) {
        for (String file : pictures) {
            Optional<byte[]> bytes = files.read(file);
            String mediaType = file.endsWith(".svg") ? "image/svg+xml" : "image/png";
            documents.put(SiteUrls.picture(file), new SiteDocument(mediaType, bytes.orElseThrow()));
        }
    }

    private void put(Page page) {
        documents.put(page.url(), page(page));
    }

    private SiteDocument page(Page page) {
        return SiteDocument.html(frame.render(page));
    }
}
