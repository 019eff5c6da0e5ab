package dev.darkroom.api.route;

import io.vertx.ext.web.Router;
import java.util.List;

/**
 * A module that serves paths of an HTTP port, besides the operations of its contract. {@link HttpRouter} assigns request ids, starts spans,
 * checks the host, sets the default security headers and rejects unknown paths and methods before it calls the routes. The routes
 * authenticate, check the origin of changing requests, limit the rate, and replace the security headers as their content needs.
 */
public interface RouteContributor {

    /** Returns the served paths. Neither the contract nor another contributor may have one of them. */
    List<ServedPath> paths();

    /**
     * Adds the routes of all {@link #paths()}. A route fails its context with a {@code Problem}, which is sent in the error form of its
     * path. Called once per router, on the event loop of the router.
     */
    void addRoutes(Router router);
}
