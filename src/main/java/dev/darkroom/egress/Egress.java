package dev.darkroom.egress;

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
public final class Egress {
    private static final String NOT_PUBLIC =
            "must be a receiver on the public internet, under a name that can be looked up";

    private final Rules rules;
    private final Names names;
    private final List<Network> allowed;
    private final OutboundUrl trusted;

    /**
     * What is allowed beyond the public internet, https and its port.
     *
     * @param networks such as {@code 10.0.0.0/8}; others than public addresses that may be called
     * @param http whether calls may go in the clear
     * @param ports which may be called; empty for any
     */
    public record Rules(List<String> networks, boolean http, List<Integer> ports) {}

    /** @throws IllegalArgumentException when one of the networks is none */
    public Egress(Rules rules, Names names) {
        this(rules, names, null);
    }

    /** @param trusted its scheme, host and port may be called whatever the rules say; null for none */
    public Egress(Rules rules, Names names, OutboundUrl trusted) {
        this.trusted = trusted;
        this.rules = rules;
        this.names = names;
        this.allowed = rules.networks().stream().map(Network::parse).toList();
    }

    /**
     * Whether a URL may be called, for whoever wants to keep it.
     *
     * @return fails with a {@link RefusedUrlException} when it may not, with a {@link LookupFailedException} when that cannot be told now
     */
    public Future<Void> check(String url) {
        return judge(url).mapEmpty();
    }

    Future<Destination> judge(String text) {
        try {
            return judge(ReceiverUrl.parse(text).outbound());
        } catch (RefusedUrlException e) {
            return Future.failedFuture(e);
        }
    }

    /**
     * Where a URL leads now, and may be called.
     *
     * @return fails with a {@link RefusedUrlException} when it may not be called. The message is the same for a name that means nothing:
     *     who asks is not to learn which names there are. Fails with a {@link LookupFailedException} when the lookup failed
     */
    public Future<Destination> judge(OutboundUrl url) {
        if (trusted != null && url.sameOrigin(trusted)) {
            return Future.succeededFuture(Destination.configured(url));
        }
        if (!url.tls() && !rules.http()) {
            return Future.failedFuture(new RefusedUrlException("must be an https URL"));
        }
        if (!rules.ports().isEmpty() && !rules.ports().contains(url.port())) {
            return Future.failedFuture(
                    new RefusedUrlException("must not name a port other than those that the operator allows"));
        }
        if (url.address() != null) {
            return addresses(url, List.of(url.address()));
        }
        return names.resolve(url.host())
                .recover(error -> Future.failedFuture(
                        error instanceof UnknownHostException
                                ? new RefusedUrlException(NOT_PUBLIC, true)
                                : new LookupFailedException(error)))
                .compose(found -> addresses(url, found));
    }

    /** One that is not allowed among several is a trick: none of them is called. */
    private Future<Destination> addresses(OutboundUrl url, List<InetAddress> found) {
        if (found.isEmpty() || !found.stream().allMatch(this::mayBeCalled)) {
            return Future.failedFuture(new RefusedUrlException(NOT_PUBLIC, found.isEmpty()));
        }
        return Future.succeededFuture(new Destination(
                url,
                found.stream()
                        .map(address -> SocketAddress.inetSocketAddress(url.port(), address.getHostAddress()))
                        .toList()));
    }

    private boolean mayBeCalled(InetAddress address) {
        return Addresses.isPublic(address) || allowed.stream().anyMatch(network -> network.contains(address));
    }
}
