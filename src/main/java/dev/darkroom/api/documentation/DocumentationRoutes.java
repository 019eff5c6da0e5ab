package dev.darkroom.api.documentation;

import dev.darkroom.api.content.StaticContent;
import dev.darkroom.api.problem.Problem;
import dev.darkroom.api.route.RouteContributor;
import dev.darkroom.api.route.ServedPath;
import dev.darkroom.api.transport.RequestSpans;
import dev.darkroom.api.transport.ResponseWriter;
import dev.darkroom.api.web.PageHeaders;
import dev.darkroom.documentation.SiteDocument;
import dev.darkroom.documentation.markdown.SiteUrls;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Serves the documentation. It needs no authentication and contains no secret. Documents are constant bytes in memory, so their requests do
 * not count for rate limits. Immutable.
 *
 * @param content shared by all verticles
 * @param pageHeaders security headers of the pages
 */
public record DocumentationRoutes(DocumentationContent content, PageHeaders pageHeaders) implements RouteContributor {
    private static final List<String> PATHS = List.of(
            '/' + SiteUrls.REFERENCE,
            '/' + SiteUrls.EVENTS,
            '/' + SiteUrls.ASYNCAPI_DOCUMENT,
            '/' + SiteUrls.EVENT_SCHEMAS,
            '/' + SiteUrls.ASSETS + "{file}",
            '/' + SiteUrls.GUIDE,
            '/' + SiteUrls.GUIDE + "/{page}",
            '/' + SiteUrls.GUIDE + "/{folder}/{page}");

    @Override
    public List<ServedPath> paths() {
        return PATHS.stream()
                .flatMap(path -> Stream.of(path, path + '/'))
                .map(ServedPath::readOnly)
                .toList();
    }

    @Override
    public void addRoutes(Router router) {
        for (String template : PATHS) {
            // Matches with and without a slash at the end.
            router.route(ServedPath.readOnly(template).routerPath()).handler(context -> {
                RequestSpans.recordRoute(context, template);
                String path = context.request().path();
                if (path.endsWith("/")) {
                    String withoutSlash = path.substring(0, path.length() - 1);
                    content.find(withoutSlash)
                            .onComplete(document -> redirect(context, withoutSlash, document), context::fail);
                } else {
                    content.find(path).onComplete(document -> send(context, document), context::fail);
                }
            });
        }
    }

    /** Redirects to the URL without the slash at its end, relative to the request: a proxy may have put a prefix before the path. */
    private void redirect(RoutingContext context, String path, Optional<StaticContent> document) {
        if (document.isEmpty()) {
            send(context, document);
            return;
        }
        context.response()
                .setStatusCode(308)
                .putHeader(HttpHeaders.LOCATION, "../" + path.substring(path.lastIndexOf('/') + 1));
        ResponseWriter.end(context.request(), Buffer.buffer());
    }

    private void send(RoutingContext context, Optional<StaticContent> document) {
        if (document.isPresent()) {
            if (document.get().isHtml()) {
                pageHeaders.put(context.response());
            }
            document.get().send(context);
        } else if (acceptsHtml(context)) {
            content.notFoundPage(context.request().path())
                    .onComplete(page -> sendNotFound(context, page), context::fail);
        } else {
            context.fail(Problem.unknownPath());
        }
    }

    private void sendNotFound(RoutingContext context, SiteDocument page) {
        pageHeaders.put(context.response());
        context.response().setStatusCode(404).putHeader(HttpHeaders.CONTENT_TYPE, page.mediaType());
        ResponseWriter.end(context.request(), Buffer.buffer(page.bytes()));
    }

    /** Returns whether the client is a browser that opens a page. Programs, which accept any type, receive a problem document. */
    private static boolean acceptsHtml(RoutingContext context) {
        return context.parsedHeaders().accept().stream()
                .anyMatch(type ->
                        type.component().equals("text") && type.subComponent().equals("html"));
    }
}
