package dev.darkroom.http.egress;

import io.vertx.core.Future;
import java.net.InetAddress;
import java.util.List;

/** Looks up names that callers made up. */
@FunctionalInterface
public interface HostResolver {

    /**
     * All addresses of a host. May answer another thing each time it is asked, and whoever owns the name decides which.
     *
     * @param host a name in small letters
     * @return fails with a {@link java.net.UnknownHostException} when the host has none, with another exception when the lookup failed
     */
    Future<List<InetAddress>> resolve(String host);
}
