package dev.darkroom.comparison;

import io.vertx.core.json.JsonObject;
import java.time.Duration;

/** A row of the comparison: behavior of the AI server, and of the connection between client and gateway. */
enum UpstreamFault {
    NONE("nothing goes wrong", null),
    DROPPED_ONCE("drops the connection after it accepted, once", new JsonObject().put("dropAccepted", true)),
    DROPPED("drops the connection after it accepted, each time", always("dropAccepted", true)),
    SILENT_ONCE("does not answer, once", new JsonObject().put("hang", true)),
    SILENT("does not answer, each time", always("hang", true)),
    ERROR_ONCE("answers 500, once", new JsonObject().put("status", 500)),
    ERROR("answers 500, each time", always("status", 500)),
    LIMITED_ONCE("answers 429 without `Retry-After`, once", new JsonObject().put("status", 429)),
    LIMITED("answers 429 without `Retry-After`, each time", always("status", 429)),
    LIMITED_UNTIL_ONCE(
            "answers 429 with `Retry-After: 2`, once",
            new JsonObject().put("status", 429).put("retryAfter", "2")),
    LIMITED_UNTIL(
            "answers 429 with `Retry-After: 2`, each time",
            always("status", 429).put("retryAfter", "2")),
    CLIENT_CUT("works for 5 s, in which the connection of the client is cut", always("delay", "5s")),
    CLIENT_TIMEOUT("works for 7 s, and the client waits for 5 s", always("delay", "7s"));

    /** Time after which the caller of the AI server gives up in rows about a missing answer. */
    static final Duration TIMEOUT = Duration.ofSeconds(5);

    private static final Duration LONG_TIMEOUT = Duration.ofSeconds(60);
    private static final int UNLIMITED = -1;

    private final String title;
    private final JsonObject step;

    UpstreamFault(String title, JsonObject step) {
        this.title = title;
        this.step = step;
    }

    private static JsonObject always(String fault, Object value) {
        return new JsonObject().put(fault, value).put("times", UNLIMITED);
    }

    String title() {
        return title;
    }

    /** Returns the step of the simulator's script; null without a fault. */
    JsonObject step() {
        return step;
    }

    /** Returns whether calls last minutes, because Darkroom waits longer from attempt to attempt. */
    boolean lastsLong() {
        return this == LIMITED || this == LIMITED_UNTIL;
    }

    /** Returns whether the connection of the client is cut after the AI server received the first submission. */
    boolean cutsClient() {
        return this == CLIENT_CUT;
    }

    /** Returns the time limit of the client of a gateway; null for its default. */
    Duration clientTimeout() {
        return this == CLIENT_TIMEOUT ? TIMEOUT : null;
    }

    /** Returns the time for which a gateway waits for the AI server. */
    Duration gatewayTimeout() {
        return isSilent() ? TIMEOUT : LONG_TIMEOUT;
    }

    /** Returns the time limit of a client without a gateway; null for its default. */
    Duration directTimeout() {
        return isSilent() ? TIMEOUT : clientTimeout();
    }

    private boolean isSilent() {
        return this == SILENT || this == SILENT_ONCE;
    }
}
