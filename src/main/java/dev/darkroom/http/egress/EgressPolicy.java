package dev.darkroom.http.egress;

import io.vertx.core.Future;
import io.vertx.core.net.SocketAddress;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;

/**
 * Judges where a call may go that somebody else named (server-side request forgery, CWE-918): by the letters of its URL, and by every
 * address that its name means at that moment. It is asked twice, when a URL is given to us and whenever it is called, and the call goes to
 * an address that was judged, so that a name which means another thing the next time leads nowhere. Thread-safe.
 */
public final class EgressPolicy {
    private static final String NOT_PUBLIC =
            "must be a receiver on the public internet, under a name that can be looked up";

    private final Rules rules;
    private final HostResolver hostResolver;
    private final List<Cidr> allowedNetworks;
    private final OutboundUrl trustedOrigin;

    /**
     * What is allowed beyond the public internet, https and its port.
     *
     * @param networks such as {@code 10.0.0.0/8}; others than public addresses that may be called
     * @param allowHttp whether calls may go in the clear
     * @param ports which may be called; empty for any
     */
    public record Rules(List<String> networks, boolean allowHttp, List<Integer> ports) {}

    /** @throws IllegalArgumentException when one of the networks is none */
    public EgressPolicy(Rules rules, HostResolver hostResolver) {
        this(rules, hostResolver, null);
    }

    /** @param trusted its scheme, host and port may be called whatever the rules say; null for none */
    public EgressPolicy(Rules rules, HostResolver hostResolver, OutboundUrl trusted) {
        this.trustedOrigin = trusted;
        this.rules = rules;
        this.hostResolver = hostResolver;
        this.allowedNetworks = rules.networks().stream().map(Cidr::parse).toList();
    }

    /**
     * Whether a URL may be called, for whoever wants to keep it.
     *
     * @return fails with a {@link RejectedUrlException} when it may not, with a {@link HostLookupException} when that cannot be told now
     */
    public Future<Void> check(String url) {
        return resolve(url).mapEmpty();
    }

    public Future<HttpDestination> resolve(String text) {
        try {
            return resolve(StrictUrl.parse(text).toOutboundUrl());
        } catch (RejectedUrlException e) {
            return Future.failedFuture(e);
        }
    }

    /**
     * Where a URL leads now, and may be called.
     *
     * @return fails with a {@link RejectedUrlException} when it may not be called. The message is the same for a name that means nothing:
     *     who asks is not to learn which names there are. Fails with a {@link HostLookupException} when the lookup failed
     */
    public Future<HttpDestination> resolve(OutboundUrl url) {
        if (trustedOrigin != null && url.hasSameOrigin(trustedOrigin)) {
            return Future.succeededFuture(HttpDestination.configured(url));
        }
        if (!url.tls() && !rules.allowHttp()) {
            return Future.failedFuture(new RejectedUrlException("must be an https URL"));
        }
        if (!rules.ports().isEmpty() && !rules.ports().contains(url.port())) {
            return Future.failedFuture(
                    new RejectedUrlException("must not name a port other than those that the operator allows"));
        }
        if (url.address() != null) {
            return toDestination(url, List.of(url.address()));
        }
        return hostResolver
                .resolve(url.host())
                .recover(error -> Future.failedFuture(
                        error instanceof UnknownHostException
                                ? new RejectedUrlException(NOT_PUBLIC, true)
                                : new HostLookupException(error)))
                .compose(found -> toDestination(url, found));
    }

    /** One that is not allowed among several is a trick: none of them is called. */
    private Future<HttpDestination> toDestination(OutboundUrl url, List<InetAddress> found) {
        if (found.isEmpty() || !found.stream().allMatch(this::isAllowed)) {
            return Future.failedFuture(new RejectedUrlException(NOT_PUBLIC, found.isEmpty()));
        }
        return Future.succeededFuture(new HttpDestination(
                url,
                found.stream()
                        .map(address -> SocketAddress.inetSocketAddress(url.port(), address.getHostAddress()))
                        .toList()));
    }

    private boolean isAllowed(InetAddress address) {
        return PublicAddresses.isPublic(address) || allowedNetworks.stream().anyMatch(cidr -> cidr.contains(address));
    }
}
