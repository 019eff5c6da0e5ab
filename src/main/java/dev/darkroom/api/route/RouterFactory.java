package dev.darkroom.api.route;

import io.vertx.core.Handler;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.List;

/** Creates the router of an HTTP port with the routes of a contract. {@link HttpRouter} adds the routes of each {@link
 * RouteContributor}. */
public interface RouterFactory {

    /** Returns the served paths. */
    List<ServedPath> paths();

    /**
     * Creates a router, on its event loop.
     *
     * @param rootHandlers handlers of all requests, in this order, before the routes
     */
    Router createRouter(List<Handler<RoutingContext>> rootHandlers);
}
