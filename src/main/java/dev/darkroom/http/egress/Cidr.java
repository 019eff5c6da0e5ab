package dev.darkroom.http.egress;

import java.net.InetAddress;
import java.util.Arrays;

/**
 * Network in CIDR notation (RFC 4632). Immutable.
 *
 * @param address an address of the network, IPv4 or IPv6
 * @param prefixLength number of leading bits that all addresses of the network share
 */
record Cidr(InetAddress address, int prefixLength) {

    /**
     * Parses {@code 10.0.0.0/8} or {@code fd00::/8}. Without a prefix length the network is the single address.
     *
     * @throws IllegalArgumentException when the text is malformed
     */
    static Cidr parse(String text) {
        String[] parts = text.split("/", 2);
        InetAddress address = OutboundUrl.parseAddress(parts[0]);
        if (address == null) {
            throw new IllegalArgumentException("not an address: " + parts[0]);
        }
        int maxLength = address.getAddress().length * Byte.SIZE;
        int prefixLength = parts.length == 1 ? maxLength : Integer.parseInt(parts[1]);
        if (prefixLength < 0 || prefixLength > maxLength) {
            throw new IllegalArgumentException("not a network: " + text);
        }
        return new Cidr(address, prefixLength);
    }

    boolean contains(InetAddress other) {
        byte[] network = address.getAddress();
        byte[] candidate = other.getAddress();
        if (network.length != candidate.length) {
            return false;
        }
        int wholeBytes = prefixLength / Byte.SIZE;
        int remainingBits = prefixLength % Byte.SIZE;
        if (!Arrays.equals(network, 0, wholeBytes, candidate, 0, wholeBytes)) {
            return false;
        }
        int mask = 0xff << (Byte.SIZE - remainingBits) & 0xff;
        return remainingBits == 0 || (network[wholeBytes] & mask) == (candidate[wholeBytes] & mask);
    }
}
