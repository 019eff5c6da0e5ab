package dev.darkroom.bridge;

import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;

/** A connection that carries frames. Used on its own event loop alone. */
interface Wire {

    /** Completes when the operating system has taken the frame. Never waits: what does not fit is kept in memory until then. */
    Future<Void> write(JsonObject frame);

    /** Notes that credentials of this user were presented. */
    void identify(String user);

    /** Ends it once what was written has been sent. */
    void close();

    /** Ends it at once: who does not read would never let the other end come. */
    void cutOff();
}
