package dev.darkroom.http.egress;

import io.netty.handler.codec.dns.DnsResponseCode;
import io.netty.resolver.dns.DnsErrorCauseException;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.internal.VertxInternal;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Resolves hosts through the machine's name servers with the non-blocking resolver of Vert.x. A lookup that never ends costs
 * a timer and no thread, so slow names of one user do not delay the lookups of others. Uses an internal API of Vert.x: the
 * public HTTP client resolves and connects in one step, and the public DNS client queries a single server.
 */
public final class DnsHostResolver implements HostResolver {
    private static final long TIMEOUT_MS = 5_000;

    private final VertxInternal vertx;
    private final boolean searchDomains;

    /** @param searchDomains true to complete names with the search domains of the machine */
    public DnsHostResolver(Vertx vertx, boolean searchDomains) {
        this.vertx = (VertxInternal) vertx;
        this.searchDomains = searchDomains;
    }

    @Override
    public Future<List<InetAddress>> resolve(String host) {
        Promise<List<InetSocketAddress>> resolved = Promise.promise();
        Context caller = vertx.getOrCreateContext();
        // A trailing dot disables search domains, so that an untrusted name is not completed to an internal one.
        vertx.nameResolver()
                .resolveAll(
                        searchDomains || host.indexOf('.') < 0 ? host : host + ".",
                        result -> caller.runOnContext(v -> resolved.handle(result)));
        return resolved.future()
                .timeout(TIMEOUT_MS, TimeUnit.MILLISECONDS)
                .recover(error -> Future.failedFuture(
                        isNonexistentDomain(error) ? new UnknownHostException(host) : new IOException(error)))
                .map(addresses ->
                        addresses.stream().map(InetSocketAddress::getAddress).toList());
    }

    /**
     * Returns true when a name server reported a nonexistent domain (NXDOMAIN). Vert.x reports an outage, a refusal and a
     * name with other records by the same exception, so the cause decides.
     */
    private static boolean isNonexistentDomain(Throwable error) {
        for (Throwable cause = error.getCause(); cause != null; cause = cause.getCause()) {
            if (cause instanceof DnsErrorCauseException dnsError
                    && dnsError.getCode().equals(DnsResponseCode.NXDOMAIN)) {
                return true;
            }
        }
        return false;
    }
}
