package dev.darkroom.http.egress;

import io.vertx.core.Future;
import java.net.InetAddress;
import java.util.List;

/** Resolves untrusted host names to addresses. */
@FunctionalInterface
public interface HostResolver {

    /**
     * Resolves all addresses of a host. Each call may return different addresses, chosen by the owner of the name.
     *
     * @param host a name in lower case
     * @return fails with a {@link java.net.UnknownHostException} when the host has no address, with another exception when the
     *     lookup failed
     */
    Future<List<InetAddress>> resolve(String host);
}
