package dev.darkroom.http.egress;

import io.vertx.core.net.SocketAddress;
import java.util.List;

/**
 * Where a call goes.
 *
 * @param url is called
 * @param servers are connected to, in this order, until one accepts; not empty
 */
public record HttpDestination(OutboundUrl url, List<SocketAddress> servers) {

    /** A server that the operator configured: its name is resolved when the connection is made. */
    public static HttpDestination configured(OutboundUrl url) {
        return new HttpDestination(url, List.of(SocketAddress.inetSocketAddress(url.port(), url.host())));
    }
}
