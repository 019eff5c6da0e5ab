package dev.darkroom.http.egress;

import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.dns.DnsResponseCode;
import io.netty.resolver.DefaultHostsFileEntriesResolver;
import io.netty.resolver.HostsFileEntriesResolver;
import io.netty.resolver.dns.DefaultDnsServerAddressStreamProvider;
import io.netty.resolver.dns.DnsErrorCauseException;
import io.netty.resolver.dns.DnsNameResolver;
import io.netty.resolver.dns.DnsNameResolverBuilder;
import io.netty.resolver.dns.DnsNameResolverChannelStrategy;
import io.netty.resolver.dns.DnsServerAddressStreamProvider;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeoutException;

/**
 * Resolves hosts through the hosts file and the name servers of the machine with the non-blocking resolver of Netty. A lookup
 * that never ends costs a timer and no thread, so slow names of one user do not delay the lookups of others. The public DNS
 * client of Vert.x queries a single server and reads no hosts file. Thread-safe.
 */
public final class DnsHostResolver implements HostResolver {
    private static final Duration TIMEOUT = Duration.ofSeconds(5);

    /** A daemon thread shared by all lookups of the process. Starts with the first lookup. */
    private static final EventLoop EVENT_LOOP = new MultiThreadIoEventLoopGroup(
                    1, new DefaultThreadFactory("darkroom-dns", true), NioIoHandler.newFactory())
            .next();

    private static final HostsFileEntriesResolver HOSTS_FILE = new DefaultHostsFileEntriesResolver();

    private final Vertx vertx;
    private final boolean searchDomains;
    private final DnsNameResolver resolver;

    /** @param searchDomains true to complete names with the search domains of the machine */
    public DnsHostResolver(Vertx vertx, boolean searchDomains) {
        this(vertx, searchDomains, DefaultDnsServerAddressStreamProvider.INSTANCE, TIMEOUT);
    }

    /** @param queryTimeout of one query to one name server */
    DnsHostResolver(
            Vertx vertx, boolean searchDomains, DnsServerAddressStreamProvider nameServers, Duration queryTimeout) {
        this.vertx = vertx;
        this.searchDomains = searchDomains;
        this.resolver = new DnsNameResolverBuilder(EVENT_LOOP)
                .datagramChannelType(NioDatagramChannel.class)
                // Repeats a truncated response over TCP.
                .socketChannelType(NioSocketChannel.class)
                // A random port for each lookup makes responses hard to forge. No socket is open between lookups.
                .datagramChannelStrategy(DnsNameResolverChannelStrategy.ChannelPerResolution)
                .nameServerProvider(nameServers)
                .hostsFileEntriesResolver((host, types) ->
                        HOSTS_FILE.address(host.endsWith(".") ? host.substring(0, host.length() - 1) : host, types))
                .queryTimeoutMillis(queryTimeout.toMillis())
                .optResourceEnabled(false)
                .completeOncePreferredResolved(true)
                .ndots(1)
                .build();
    }

    @Override
    public Future<List<InetAddress>> resolve(String host) {
        Promise<List<InetAddress>> resolved = Promise.promise();
        Context caller = vertx.getOrCreateContext();
        // Future.timeout would run the handlers of the caller on another thread, since the promise has no context.
        long timer = vertx.setTimer(
                TIMEOUT.toMillis(), t -> resolved.tryFail(new TimeoutException("no response of a name server")));
        // A trailing dot disables search domains, so that an untrusted name is not completed to an internal one.
        resolver.resolveAll(searchDomains || host.indexOf('.') < 0 ? host : host + ".")
                .addListener((io.netty.util.concurrent.Future<List<InetAddress>> done) -> caller.runOnContext(v -> {
                    vertx.cancelTimer(timer);
                    if (done.isSuccess()) {
                        resolved.tryComplete(done.getNow());
                    } else {
                        resolved.tryFail(done.cause());
                    }
                }));
        return resolved.future()
                .recover(error -> Future.failedFuture(
                        isNonexistentDomain(error) ? new UnknownHostException(host) : new IOException(error)));
    }

    /**
     * Returns true when a name server reported a nonexistent domain (NXDOMAIN). Netty reports an outage, a refusal and a name
     * with other records by the same exception, so the cause decides.
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
