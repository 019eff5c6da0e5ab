package dev.darkroom.http.egress;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;

/**
 * Addresses that begin with the same bits (CIDR, RFC 4632).
 *
 * @param address the first of them; its length tells IPv4 from IPv6
 * @param prefixLength how many decide
 */
record Cidr(InetAddress address, int prefixLength) {

    /**
     * Understands {@code 10.0.0.0/8} and {@code fd00::/8}. Without bits it is that address alone.
     *
     * @throws IllegalArgumentException when it is no network
     */
    static Cidr parse(String text) {
        String[] parts = text.split("/", 2);
        InetAddress address = parseAddress(parts[0]);
        int most = address.getAddress().length * Byte.SIZE;
        int bits = parts.length == 1 ? most : Integer.parseInt(parts[1]);
        if (bits < 0 || bits > most) {
            throw new IllegalArgumentException("no network: " + text);
        }
        return new Cidr(address, bits);
    }

    boolean contains(InetAddress other) {
        byte[] mine = address.getAddress();
        byte[] theirs = other.getAddress();
        if (mine.length != theirs.length) {
            return false;
        }
        int whole = prefixLength / Byte.SIZE;
        int rest = prefixLength % Byte.SIZE;
        if (!Arrays.equals(mine, 0, whole, theirs, 0, whole)) {
            return false;
        }
        int mask = 0xff << (Byte.SIZE - rest) & 0xff;
        return rest == 0 || (mine[whole] & mask) == (theirs[whole] & mask);
    }

    /** An address as it is written down, in full; never looks a name up. */
    private static InetAddress parseAddress(String text) {
        boolean looksLikeOne =
                text.indexOf(':') >= 0 || StrictUrl.DOTTED_IPV4.matcher(text).matches();
        if (!looksLikeOne) {
            throw new IllegalArgumentException("no address: " + text);
        }
        try {
            return InetAddress.getByName(text);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException("no address: " + text, e);
        }
    }
}
