package dev.darkroom.api.documentation;

import dev.darkroom.api.content.StaticContent;
import dev.darkroom.documentation.DocumentationSite;
import dev.darkroom.documentation.SiteDocument;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The documents of the documentation, shared by all verticles of a process. Renders and compresses them on a worker thread when the first one
 * is requested, so that the start of the service does not wait for them. Thread-safe.
 */
public final class DocumentationContent {
    private final WorkerExecutor worker;
    private final String version;
    private volatile Rendered rendered;

    /** @param version of the service, shown on the pages */
    public DocumentationContent(Vertx vertx, String version) {
        worker = vertx.createSharedWorkerExecutor("darkroom-documentation", 1);
        this.version = version;
    }

    /** The rendered site, with the compressed form of each document. */
    record Rendered(DocumentationSite site, Map<String, StaticContent> documents) {

        /** @param path of the URL */
        Optional<StaticContent> find(String path) {
            return Optional.ofNullable(documents.get(path));
        }

        /** Returns the page for a path of the guide without a document. */
        SiteDocument notFoundPage(String path) {
            return site.notFoundPage(path.substring(1));
        }
    }

    Future<Rendered> get() {
        Rendered ready = rendered;
        return ready == null ? worker.executeBlocking(this::render) : Future.succeededFuture(ready);
    }

    /** Renders once: the pool has one thread, so concurrent first requests wait for the first. */
    private Rendered render() {
        if (rendered == null) {
            DocumentationSite site = DocumentationSite.render(version);
            Map<String, StaticContent> documents = new HashMap<>();
            site.documents()
                    .forEach((url, document) ->
                            documents.put('/' + url, StaticContent.of(document.mediaType(), document.bytes())));
            rendered = new Rendered(site, Map.copyOf(documents));
        }
        return rendered;
    }
}
