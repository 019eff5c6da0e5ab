package dev.darkroom.api.documentation;

import dev.darkroom.api.content.StaticContent;
import dev.darkroom.documentation.DocumentationSite;
import dev.darkroom.documentation.SiteDocument;
import dev.darkroom.documentation.markdown.SiteUrls;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The documents of the documentation, shared by all verticles of a process. Renders and compresses a document on a worker thread when it is
 * first requested, so that the start of the service does not wait for it. Later requests, also of unknown paths, need no worker. Thread-safe.
 */
public final class DocumentationContent {
    private final DocumentationSite site;
    private final WorkerExecutor worker;
    private final Map<String, StaticContent> rendered = new ConcurrentHashMap<>();

    /** Pages for unknown paths, by their relative URL of the root. The served paths have three different ones. */
    private final Map<String, SiteDocument> notFoundPages = new ConcurrentHashMap<>();

    /** Paths of all documents without the first slash. Null until an unknown path is requested. */
    private volatile Set<String> urls;

    /** @param version of the service, shown on the pages */
    public DocumentationContent(Vertx vertx, String version) {
        site = new DocumentationSite(version);
        // One thread: the site is not thread-safe, and concurrent first requests wait for the same document.
        worker = vertx.createSharedWorkerExecutor("darkroom-documentation", 1);
    }

    /** Returns the document of a path, or empty when the path has none. @param path of the URL */
    Future<Optional<StaticContent>> find(String path) {
        StaticContent document = rendered.get(path);
        if (document != null || (urls != null && !urls.contains(path.substring(1)))) {
            return Future.succeededFuture(Optional.ofNullable(document));
        }
        return worker.executeBlocking(() -> render(path));
    }

    /** Returns the page for a path of the guide without a document. */
    Future<SiteDocument> notFoundPage(String path) {
        String root = SiteUrls.root(path.substring(1));
        SiteDocument page = notFoundPages.get(root);
        return page == null
                ? worker.executeBlocking(
                        () -> notFoundPages.computeIfAbsent(root, missing -> site.notFoundPage(path.substring(1))))
                : Future.succeededFuture(page);
    }

    private Optional<StaticContent> render(String path) {
        StaticContent document = rendered.get(path);
        if (document == null) {
            document = site.find(path.substring(1))
                    .map(found -> StaticContent.of(found.mediaType(), found.bytes()))
                    .orElse(null);
            if (document == null) {
                urls = Set.copyOf(site.urls());
            } else {
                rendered.put(path, document);
            }
        }
        return Optional.ofNullable(document);
    }
}
