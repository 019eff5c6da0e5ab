package dev.darkroom.api;

import io.vertx.core.Vertx;
import io.vertx.ext.web.Router;

/** What is served on the API's port and is no part of the contract. Whoever makes it is not known here. */
public interface Annex {

    /** Routes for one HTTP verticle, on its event loop. */
    Router open(Vertx vertx);
}
