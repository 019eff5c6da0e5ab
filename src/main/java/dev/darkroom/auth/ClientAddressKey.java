package dev.darkroom.auth;

import io.netty.util.NetUtil;
import io.vertx.core.net.SocketAddress;
import java.util.Arrays;
import java.util.HexFormat;

/** Where a request comes from, as far as one who sends many can be told from others by it. */
public final class ClientAddressKey {
    /** Whoever has one IPv6 address has 2^64 of them (RFC 6177). */
    private static final int IPV6_NETWORK_BYTES = 8;

    private static final int IPV6_BYTES = 16;
    private static final byte[] IPV4_MAPPED_PREFIX = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1};

    private ClientAddressKey() {}

    /** Never what a header says: that could be anything. */
    public static String of(SocketAddress remote) {
        return of(remote == null ? null : remote.hostAddress());
    }

    static String of(String address) {
        byte[] bytes = address == null ? null : NetUtil.createByteArrayFromIpAddressString(address);
        if (bytes == null || bytes.length != IPV6_BYTES) {
            return String.valueOf(address);
        }
        if (Arrays.equals(bytes, 0, IPV4_MAPPED_PREFIX.length, IPV4_MAPPED_PREFIX, 0, IPV4_MAPPED_PREFIX.length)) {
            // IPv4, as a socket for both tells it.
            return NetUtil.bytesToIpAddress(Arrays.copyOfRange(bytes, IPV4_MAPPED_PREFIX.length, IPV6_BYTES));
        }
        return HexFormat.of().formatHex(bytes, 0, IPV6_NETWORK_BYTES);
    }
}
