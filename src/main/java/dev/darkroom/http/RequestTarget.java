package dev.darkroom.http;

import dev.darkroom.http.egress.HttpDestination;
import dev.darkroom.http.egress.OutboundUrl;
import io.vertx.core.Future;

/** URL of a request, resolved and checked before a connection is opened. */
@FunctionalInterface
public interface RequestTarget {

    /** Returns a target configured by the operator. It is not checked. */
    static RequestTarget configured(OutboundUrl url) {
        return () -> Future.succeededFuture(HttpDestination.configured(url));
    }

    /**
     * Resolves the URL.
     *
     * @return fails with a {@link dev.darkroom.http.egress.RejectedUrlException} when the URL is not allowed, with another
     *     exception when the lookup of its host failed
     */
    Future<HttpDestination> resolve();

    /**
     * Returns the target of a redirect; null when redirects are not followed, which is the default.
     *
     * @param location header of the response
     * @throws HttpCallException when the redirect cannot be followed
     */
    default RequestTarget redirect(String location) throws HttpCallException {
        return null;
    }
}
