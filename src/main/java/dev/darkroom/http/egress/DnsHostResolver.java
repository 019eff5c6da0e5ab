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
 * Asks the machine's name servers by Vert.x's own resolver, which does not block: lookups that never end cost a timer each, not a thread,
 * so nobody's slow names are in the way of others'. Not part of the public API of Vert.x, whose client looks up by itself and connects to
 * what it finds, or else asks one server alone.
 */
public final class DnsHostResolver implements HostResolver {
    private static final long TIMEOUT_MS = 5_000;

    private final VertxInternal vertx;
    private final boolean searchDomains;

    /** @param searchDomains whether a name may be completed by the machine's search domains */
    public DnsHostResolver(Vertx vertx, boolean searchDomains) {
        this.vertx = (VertxInternal) vertx;
        this.searchDomains = searchDomains;
    }

    @Override
    public Future<List<InetAddress>> resolve(String host) {
        Promise<List<InetSocketAddress>> found = Promise.promise();
        Context caller = vertx.getOrCreateContext();
        // The dot at the end keeps search domains out: a stranger's name must not be completed to one of ours.
        vertx.nameResolver()
                .resolveAll(
                        searchDomains || host.indexOf('.') < 0 ? host : host + ".",
                        answer -> caller.runOnContext(back -> found.handle(answer)));
        return found.future()
                .timeout(TIMEOUT_MS, TimeUnit.MILLISECONDS)
                .recover(error -> Future.failedFuture(
                        isNonexistentDomain(error) ? new UnknownHostException(host) : new IOException(error)))
                .map(all -> all.stream().map(InetSocketAddress::getAddress).toList());
    }

    /**
     * Whether a name server answered that there is no such name. Vert.x reports everything else by the same exception: an outage, a refusal,
     * a name with other records. The cause tells.
     */
    private static boolean isNonexistentDomain(Throwable error) {
        for (Throwable cause = error.getCause(); cause != null; cause = cause.getCause()) {
            if (cause instanceof DnsErrorCauseException answered
                    && answered.getCode().equals(DnsResponseCode.NXDOMAIN)) {
                return true;
            }
        }
        return false;
    }
}
