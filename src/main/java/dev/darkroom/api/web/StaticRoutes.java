package dev.darkroom.api.web;

import dev.darkroom.api.content.StaticContent;
import dev.darkroom.api.route.RouteContributor;
import dev.darkroom.api.route.ServedPath;
import dev.darkroom.api.transport.RequestSpans;
import io.vertx.ext.web.Router;
import java.util.List;
import java.util.Map;

/**
 * Serves documents that need no authentication and contain no secret. They are constant bytes in memory, so their requests do not count for
 * rate limits. Immutable.
 *
 * @param documents by path, such as {@code /studio/main.js}
 * @param pageHeaders security headers of the HTML documents
 */
public record StaticRoutes(Map<String, StaticContent> documents, PageHeaders pageHeaders) implements RouteContributor {
    public StaticRoutes {
        documents = Map.copyOf(documents);
    }

    @Override
    public List<ServedPath> paths() {
        return documents.keySet().stream().sorted().map(ServedPath::readOnly).toList();
    }

    @Override
    public void addRoutes(Router router) {
        paths().forEach(served -> {
            String path = served.template();
            StaticContent document = documents.get(path);
            router.route(path).handler(context -> {
                RequestSpans.recordRoute(context, path);
                if (document.isHtml()) {
                    pageHeaders.put(context.response());
                }
                document.send(context);
            });
        });
    }
}
