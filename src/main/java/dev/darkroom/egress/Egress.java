package dev.darkroom.egress;

import io.vertx.core.Future;
import io.vertx.core.net.SocketAddress;
import java.net.InetAddress;
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
        this.rules = rules;
        this.names = names;
        this.allowed = rules.networks().stream().map(Network::parse).toList();
    }

    /**
     * Whether a URL may be called, for whoever wants to keep it.
     *
     * @return fails with a {@link RefusedUrlException} when it may not
     */
    public Future<Void> check(String url) {
        return judge(url).mapEmpty();
    }

    /** Fails with a {@link RefusedUrlException}, too when the name means nothing: who asks is not to learn which names there are. */
    Future<Destination> judge(String text) {
        ReceiverUrl url;
        try {
            url = letters(text);
        } catch (RefusedUrlException e) {
            return Future.failedFuture(e);
        }
        if (url.address() != null) {
            return addresses(url, List.of(url.address()));
        }
        return names.resolve(url.host())
                .recover(unknown -> Future.failedFuture(new RefusedUrlException(NOT_PUBLIC)))
                .compose(found -> addresses(url, found));
    }

    private ReceiverUrl letters(String text) throws RefusedUrlException {
        ReceiverUrl url = ReceiverUrl.parse(text);
        if (!url.tls() && !rules.http()) {
            throw new RefusedUrlException("must be an https URL");
        }
        if (!rules.ports().isEmpty() && !rules.ports().contains(url.port())) {
            throw new RefusedUrlException("must not name a port other than those that the operator allows");
        }
        return url;
    }

    /** One that is not allowed among several is a trick: none of them is called. */
    private Future<Destination> addresses(ReceiverUrl url, List<InetAddress> found) {
        boolean all = !found.isEmpty() && found.stream().allMatch(this::mayBeCalled);
        return all
                ? Future.succeededFuture(new Destination(
                        url.outbound(),
                        found.stream()
                                .map(address -> SocketAddress.inetSocketAddress(url.port(), address.getHostAddress()))
                                .toList()))
                : Future.failedFuture(new RefusedUrlException(NOT_PUBLIC));
    }

    private boolean mayBeCalled(InetAddress address) {
        return Addresses.isPublic(address) || allowed.stream().anyMatch(network -> network.contains(address));
    }
}
