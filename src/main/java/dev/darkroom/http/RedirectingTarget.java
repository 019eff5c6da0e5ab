package dev.darkroom.http;

import dev.darkroom.http.HttpCallException.Reason;
import dev.darkroom.http.egress.EgressPolicy;
import dev.darkroom.http.egress.HttpDestination;
import dev.darkroom.http.egress.WhatwgUrl;
import io.vertx.core.Future;

/**
 * Target that follows redirects.
 *
 * @param egressPolicy checks the URL and the URL of each redirect
 * @param maxRedirects number of redirects to follow
 */
public record RedirectingTarget(WhatwgUrl url, EgressPolicy egressPolicy, int maxRedirects) implements RequestTarget {
    @Override
    public Future<HttpDestination> resolve() {
        return egressPolicy.resolve(url.toOutboundUrl());
    }

    @Override
    public RequestTarget redirect(String location) throws HttpCallException {
        if (maxRedirects == 0) {
            throw new HttpCallException(Reason.TOO_MANY_REDIRECTS, "The server exceeded the limit of redirects.");
        }
        WhatwgUrl next = url.resolve(location);
        if (next == null) {
            throw new HttpCallException(
                    Reason.INVALID_REDIRECT, "The server redirected to an invalid URL or to another scheme.");
        }
        return new RedirectingTarget(next, egressPolicy, maxRedirects - 1);
    }
}
