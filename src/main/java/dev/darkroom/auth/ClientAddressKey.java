package dev.darkroom.auth;

import io.netty.util.NetUtil;
import io.vertx.core.net.SocketAddress;
import java.util.Arrays;
import java.util.HexFormat;

/** Derives the key by which clients are rate limited from the remote address of their connection. */
public final class ClientAddressKey {
    /** An IPv6 client controls at least a /64 network (RFC 6177), so all addresses of a /64 share one key. */
    private static final int IPV6_NETWORK_BYTES = 8;

    private static final int IPV6_BYTES = 16;
    private static final byte[] IPV4_MAPPED_PREFIX = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1};

    private ClientAddressKey() {}

    /** Uses the address of the socket. Ignores headers such as {@code X-Forwarded-For}, which a client can forge. */
    public static String of(SocketAddress remote) {
        return of(remote == null ? null : remote.hostAddress());
    }

    static String of(String address) {
        byte[] bytes = address == null ? null : NetUtil.createByteArrayFromIpAddressString(address);
        if (bytes == null || bytes.length != IPV6_BYTES) {
            return String.valueOf(address);
        }
        if (Arrays.equals(bytes, 0, IPV4_MAPPED_PREFIX.length, IPV4_MAPPED_PREFIX, 0, IPV4_MAPPED_PREFIX.length)) {
            // An IPv4 address as a dual-stack socket reports it (RFC 4291, section 2.5.5.2).
            return NetUtil.bytesToIpAddress(Arrays.copyOfRange(bytes, IPV4_MAPPED_PREFIX.length, IPV6_BYTES));
        }
        return HexFormat.of().formatHex(bytes, 0, IPV6_NETWORK_BYTES);
    }
}
