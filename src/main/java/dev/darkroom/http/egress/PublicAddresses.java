package dev.darkroom.http.egress;

import io.netty.handler.ipfilter.IpFilterRuleType;
import io.netty.handler.ipfilter.IpSubnetFilterRule;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.stream.Stream;

/**
 * Decides whether an address belongs to the public internet, based on the IANA special-purpose address registries (RFC 6890).
 * Checks the bytes of the address, so that its spelling does not matter.
 */
final class PublicAddresses {
    private static final List<IpSubnetFilterRule> IPV4_NON_PUBLIC = parseNetworks(
            "0.0.0.0/8", // this network
            "10.0.0.0/8", // private
            "100.64.0.0/10", // carrier-grade NAT; cloud providers use it for internal services
            "127.0.0.0/8", // loopback
            "168.63.129.16/32", // internal services of Azure under a public address
            "169.254.0.0/16", // link-local; metadata services of clouds
            "172.16.0.0/12", // private
            "192.0.0.0/24", // protocol assignments
            "192.0.2.0/24", // documentation
            "192.31.196.0/24", // AS112
            "192.52.193.0/24", // AMT
            "192.88.99.0/24", // 6to4 relays
            "192.168.0.0/16", // private
            "192.175.48.0/24", // AS112
            "198.18.0.0/15", // benchmarks
            "198.51.100.0/24", // documentation
            "203.0.113.0/24", // documentation
            "224.0.0.0/4", // multicast
            "240.0.0.0/4"); // reserved, and broadcast

    /** All allocated unicast addresses. Excludes loopback, mapped, NAT64, link-local, ULA and multicast. */
    private static final IpSubnetFilterRule IPV6_GLOBAL_UNICAST = parseNetwork("2000::/3");

    private static final List<IpSubnetFilterRule> IPV6_NON_PUBLIC = parseNetworks(
            "2001::/23", // protocol assignments: Teredo, ORCHID, benchmarks
            "2001:db8::/32", // documentation
            "2002::/16", // 6to4, can embed any IPv4 address
            "2620:4f:8000::/48", // AS112
            "3fff::/20"); // documentation

    private PublicAddresses() {}

    static boolean isPublic(InetAddress address) {
        if (address instanceof Inet6Address) {
            return contains(IPV6_GLOBAL_UNICAST, address)
                    && IPV6_NON_PUBLIC.stream().noneMatch(network -> contains(network, address));
        }
        return IPV4_NON_PUBLIC.stream().noneMatch(network -> contains(network, address));
    }

    private static List<IpSubnetFilterRule> parseNetworks(String... texts) {
        return Stream.of(texts).map(PublicAddresses::parseNetwork).toList();
    }

    /**
     * Parses {@code 10.0.0.0/8} or {@code fd00::/8} (RFC 4632). Without a prefix length the network is the single address.
     *
     * @throws IllegalArgumentException when the text is malformed
     */
    static IpSubnetFilterRule parseNetwork(String text) {
        String[] parts = text.split("/", 2);
        InetAddress address = OutboundUrl.parseAddress(parts[0]);
        if (address == null) {
            throw new IllegalArgumentException("not an address: " + parts[0]);
        }
        int prefixLength = parts.length == 1 ? address.getAddress().length * Byte.SIZE : Integer.parseInt(parts[1]);
        return new IpSubnetFilterRule(address, prefixLength, IpFilterRuleType.ACCEPT);
    }

    static boolean contains(IpSubnetFilterRule network, InetAddress address) {
        return network.matches(new InetSocketAddress(address, 0));
    }
}
