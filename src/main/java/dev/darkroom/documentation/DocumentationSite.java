package dev.darkroom.documentation;

import dev.darkroom.documentation.PageFrame.Page;
import dev.darkroom.documentation.markdown.PackagedFiles;
import dev.darkroom.documentation.markdown.SiteUrls;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/**
 * All documents of the documentation. A document is rendered when it is requested; the first one of the guide parses all Markdown files.
 * Not thread-safe.
 */
public final class DocumentationSite {
    static final String TITLE_SUFFIX = " · Darkroom";

    /** Folder of the package of Swagger UI, with the version of pom.xml. */
    private static final String SWAGGER_UI = "/META-INF/resources/webjars/swagger-ui/5.35.0/";

    private final Map<String, Supplier<SiteDocument>> documents = new LinkedHashMap<>();
    private final PackagedFiles files = new PackagedFiles();
    private final PageFrame frame;
    private Guide guide;

    /** @param version of the service, shown on the pages */
    public DocumentationSite(String version) {
        frame = new PageFrame(version);
        documents.put(SiteUrls.REFERENCE, this::reference);
        documents.put(
                SiteUrls.ASYNCAPI_DOCUMENT,
                () -> SiteDocument.of("application/yaml", files.readText("docs/asyncapi.yaml")));
        documents.put(
                SiteUrls.EVENT_SCHEMAS,
                () -> SiteDocument.of("application/json", files.readText("docs/schemas/notifications.schema.json")));
        for (String name : List.of("site.css", "site.js", "search.js", "reference.css", "reference.js")) {
            addAsset(name, PageTemplate.FOLDER + "assets/" + name);
        }
        for (String name : List.of("swagger-ui.css", "swagger-ui-bundle.js")) {
            addAsset(name, SWAGGER_UI + name);
        }
    }

    /**
     * Returns a document, or empty when none has this URL. Blocks: the first page of the guide for about a second.
     *
     * @param url path of the URL without the first slash
     */
    public Optional<SiteDocument> find(String url) {
        Supplier<SiteDocument> document = documents.get(url);
        return document == null ? guide().find(url) : Optional.of(document.get());
    }

    /** Returns the page for a URL below the guide that no document has. It depends only on the folder. Blocks as {@link #find}. */
    public SiteDocument notFoundPage(String url) {
        return guide().notFoundPage(url);
    }

    /** Returns the URLs of all documents. Blocks as {@link #find}. */
    public Set<String> urls() {
        Set<String> urls = new LinkedHashSet<>(documents.keySet());
        urls.addAll(guide().urls());
        return urls;
    }

    private Guide guide() {
        if (guide == null) {
            guide = Guide.parse(files, frame);
        }
        return guide;
    }

    private SiteDocument reference() {
        String url = SiteUrls.REFERENCE;
        String content = PageTemplate.load("reference.html").fill(Map.of("root", SiteUrls.root(url)));
        List<String> assets = List.of("swagger-ui.css", "reference.css", "reference.js");
        return SiteDocument.html(
                frame.render(new Page(url, "API reference" + TITLE_SUFFIX, "", content, List.of(), assets)));
    }

    private void addAsset(String name, String resource) {
        String mediaType = name.endsWith(".css") ? "text/css; charset=utf-8" : "text/javascript; charset=utf-8";
        documents.put(SiteUrls.ASSETS + name, () -> new SiteDocument(mediaType, PackagedFiles.readResource(resource)));
    }
}
