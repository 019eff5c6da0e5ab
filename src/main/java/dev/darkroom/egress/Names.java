package dev.darkroom.egress;

import io.vertx.core.Future;
import java.net.InetAddress;
import java.util.List;

/** Looks up names that callers made up. */
@FunctionalInterface
public interface Names {

    /**
     * All addresses of a host. May answer another thing each time it is asked, and whoever owns the name decides which.
     *
     * @param host a name in small letters
     * @return fails when it has none
     */
    Future<List<InetAddress>> resolve(String host);
}
