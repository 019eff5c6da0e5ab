package dev.darkroom.testing.browser;

import io.vertx.core.json.JsonObject;
import java.net.URI;

/** A request of a page, as the browser reports it. Changes until it has ended. */
public final class BrowserRequest {
    private final String url;
    private final String method;
    private final JsonObject headers;
    /** 0 without a response. */
    private int status;

    private long transferredBytes;
    private boolean open = true;
    private boolean failed;

    /** @param event {@code Network.requestWillBeSent} of the DevTools protocol */
    BrowserRequest(JsonObject event) {
        JsonObject request = event.getJsonObject("request");
        url = request.getString("url");
        method = request.getString("method");
        headers = request.getJsonObject("headers");
    }

    void responded(JsonObject event) {
        status = event.getJsonObject("response").getInteger("status");
    }

    void finished(long bytes) {
        transferredBytes = bytes;
        open = false;
    }

    void failed() {
        failed = true;
        open = false;
    }

    public String url() {
        return url;
    }

    /** Returns method and path without query, such as {@code GET /api/generation}. */
    public String methodAndPath() {
        return method + " "
                + (url.startsWith("http")
                        ? URI.create(url.replaceFirst("[?#].*", "")).getPath()
                        : url);
    }

    /** Returns the value of a request header that the page set, or null. Ignores case. */
    public String header(String name) {
        return headers.fieldNames().stream()
                .filter(name::equalsIgnoreCase)
                .map(headers::getString)
                .findFirst()
                .orElse(null);
    }

    /** Returns the bytes received, headers included and as compressed; 0 for a response from the cache. */
    public long transferredBytes() {
        return transferredBytes;
    }

    /** Returns whether the response has not ended, such as an open stream. */
    public boolean isOpen() {
        return open;
    }

    /** Returns whether the request ended without a complete response. */
    public boolean isFailed() {
        return failed;
    }

    @Override
    public String toString() {
        return methodAndPath() + " " + status + (failed ? " failed" : "");
    }
}
