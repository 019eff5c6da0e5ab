package dev.darkroom.http.egress;

import io.vertx.core.net.SocketAddress;
import java.util.List;

/**
 * Destination of an HTTP call. Immutable.
 *
 * @param url the URL to request
 * @param servers addresses to connect to, in this order, until one accepts; not empty
 */
public record HttpDestination(OutboundUrl url, List<SocketAddress> servers) {

    /** Returns the destination of a URL configured by the operator. Its host is resolved when the connection is opened. */
    public static HttpDestination configured(OutboundUrl url) {
        return new HttpDestination(url, List.of(SocketAddress.inetSocketAddress(url.port(), url.host())));
    }
}
