package dev.darkroom.http.egress;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.List;
import java.util.stream.Stream;

/**
 * Decides whether an address belongs to the public internet, based on the IANA special-purpose address registries (RFC 6890).
 * Checks the bytes of the address, so that its spelling does not matter.
 */
final class PublicAddresses {
    private static final List<Cidr> IPV4_NON_PUBLIC = parseNetworks(
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
    private static final Cidr IPV6_GLOBAL_UNICAST = Cidr.parse("2000::/3");

    private static final List<Cidr> IPV6_NON_PUBLIC = parseNetworks(
            "2001::/23", // protocol assignments: Teredo, ORCHID, benchmarks
            "2001:db8::/32", // documentation
            "2002::/16", // 6to4, can embed any IPv4 address
            "2620:4f:8000::/48", // AS112
            "3fff::/20"); // documentation

    private PublicAddresses() {}

    static boolean isPublic(InetAddress address) {
        if (address instanceof Inet6Address) {
            return IPV6_GLOBAL_UNICAST.contains(address)
                    && IPV6_NON_PUBLIC.stream().noneMatch(cidr -> cidr.contains(address));
        }
        return IPV4_NON_PUBLIC.stream().noneMatch(cidr -> cidr.contains(address));
    }

    private static List<Cidr> parseNetworks(String... texts) {
        return Stream.of(texts).map(Cidr::parse).toList();
    }
}
