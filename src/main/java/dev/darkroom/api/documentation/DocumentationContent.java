package dev.darkroom.api.documentation;

import dev.darkroom.api.content.StaticContent;
import dev.darkroom.documentation.DocumentationSite;
import dev.darkroom.documentation.SiteDocument;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The documents of the documentation, shared by all verticles of a process. Renders and compresses a document on a worker thread when it is
 * first requested, so that the start of the service does not wait for it. Thread-safe.
 */
public final class DocumentationContent {
    private final DocumentationSite site;
    private final WorkerExecutor worker;
    private final Map<String, StaticContent> rendered = new ConcurrentHashMap<>();

    /** @param version of the service, shown on the pages */
    public DocumentationContent(Vertx vertx, String version) {
        site = new DocumentationSite(version);
        // One thread: the site is not thread-safe, and concurrent first requests wait for the same document.
        worker = vertx.createSharedWorkerExecutor("darkroom-documentation", 1);
    }

    /** Returns the document of a path, or empty when the path has none. @param path of the URL */
    Future<Optional<StaticContent>> find(String path) {
        StaticContent document = rendered.get(path);
        return document == null
                ? worker.executeBlocking(() -> render(path))
                : Future.succeededFuture(Optional.of(document));
    }

    /** Returns the page for a path of the guide without a document. */
    Future<SiteDocument> notFoundPage(String path) {
        return worker.executeBlocking(() -> site.notFoundPage(path.substring(1)));
    }

    private Optional<StaticContent> render(String path) {
        StaticContent document = rendered.get(path);
        if (document == null) {
            document = site.find(path.substring(1))
                    .map(found -> StaticContent.of(found.mediaType(), found.bytes()))
                    .orElse(null);
            if (document != null) {
                rendered.put(path, document);
            }
        }
        return Optional.ofNullable(document);
    }
}
