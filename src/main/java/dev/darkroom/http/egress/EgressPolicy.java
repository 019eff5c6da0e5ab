package dev.darkroom.http.egress;

import io.netty.handler.ipfilter.IpSubnetFilterRule;
import io.vertx.core.Future;
import io.vertx.core.net.SocketAddress;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;

/**
 * Egress policy for URLs chosen by users or AI servers, against server-side request forgery (SSRF, CWE-918). Checks the syntax of
 * the URL and every address of its host. Runs when a URL is registered and again before each call. The call connects to a
 * checked address, so that DNS rebinding has no effect. Thread-safe.
 */
public final class EgressPolicy {
    private static final String NOT_PUBLIC = "must have a host that resolves to public internet addresses only";

    private final Rules rules;
    private final HostResolver hostResolver;
    private final List<IpSubnetFilterRule> allowedNetworks;
    private final OutboundUrl trustedOrigin;

    /**
     * Rules for destinations. Public internet addresses and https are always allowed.
     *
     * @param networks allowed networks outside the public internet, such as {@code 10.0.0.0/8}
     * @param allowHttp true to allow http without TLS
     * @param ports allowed ports; empty for any
     */
    public record Rules(List<String> networks, boolean allowHttp, List<Integer> ports) {}

    /** @throws IllegalArgumentException when a network is malformed */
    public EgressPolicy(Rules rules, HostResolver hostResolver) {
        this(rules, hostResolver, null);
    }

    /** @param trustedOrigin URL of a trusted scheme, host and port, allowed regardless of the rules; null for none */
    public EgressPolicy(Rules rules, HostResolver hostResolver, OutboundUrl trustedOrigin) {
        this.trustedOrigin = trustedOrigin;
        this.rules = rules;
        this.hostResolver = hostResolver;
        this.allowedNetworks =
                rules.networks().stream().map(PublicAddresses::parseNetwork).toList();
    }

    /**
     * Checks a URL before it is stored.
     *
     * @return fails with a {@link RejectedUrlException} when the URL is not allowed, with a {@link HostLookupException} when the
     *     lookup failed
     */
    public Future<Void> check(String url) {
        return resolve(url).mapEmpty();
    }

    /** Parses a URL strictly and resolves it like {@link #resolve(OutboundUrl)}. */
    public Future<HttpDestination> resolve(String url) {
        try {
            return resolve(StrictUrl.parse(url));
        } catch (RejectedUrlException e) {
            return Future.failedFuture(e);
        }
    }

    /**
     * Resolves a URL to checked addresses.
     *
     * @return fails with a {@link RejectedUrlException} when the URL is not allowed. An unknown host gets the same message as a
     *     private address, so that clients cannot probe internal names. Fails with a {@link HostLookupException} when the
     *     lookup failed
     */
    public Future<HttpDestination> resolve(OutboundUrl url) {
        if (trustedOrigin != null && url.hasSameOrigin(trustedOrigin)) {
            return Future.succeededFuture(HttpDestination.configured(url));
        }
        if (!url.tls() && !rules.allowHttp()) {
            return Future.failedFuture(new RejectedUrlException("must be an https URL", url, false));
        }
        if (!rules.ports().isEmpty() && !rules.ports().contains(url.port())) {
            return Future.failedFuture(
                    new RejectedUrlException("must have a port allowed by the operator", url, false));
        }
        if (url.address() != null) {
            return toDestination(url, List.of(url.address()));
        }
        return hostResolver
                .resolve(url.host())
                .recover(error -> Future.failedFuture(
                        error instanceof UnknownHostException
                                ? new RejectedUrlException(NOT_PUBLIC, url, true)
                                : new HostLookupException(error)))
                .compose(addresses -> toDestination(url, addresses));
    }

    /** Rejects the host when any of its addresses is not allowed, since such a mixture indicates an attack. */
    private Future<HttpDestination> toDestination(OutboundUrl url, List<InetAddress> addresses) {
        if (addresses.isEmpty() || !addresses.stream().allMatch(this::isAllowed)) {
            return Future.failedFuture(new RejectedUrlException(NOT_PUBLIC, url, addresses.isEmpty()));
        }
        return Future.succeededFuture(new HttpDestination(
                url,
                addresses.stream()
                        .map(address -> SocketAddress.inetSocketAddress(url.port(), address.getHostAddress()))
                        .toList()));
    }

    private boolean isAllowed(InetAddress address) {
        return PublicAddresses.isPublic(address)
                || allowedNetworks.stream().anyMatch(network -> PublicAddresses.contains(network, address));
    }
}
