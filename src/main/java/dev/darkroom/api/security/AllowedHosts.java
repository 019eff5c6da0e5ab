package dev.darkroom.api.security;

import dev.darkroom.config.Settings;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;

/**
 * The host names that a server without authentication answers for. A web page whose own name resolves to a loopback address (DNS
 * rebinding) sends its name in {@code Host}, so that the server refuses it. An IP address cannot be rebound. Immutable.
 *
 * @param anyHost whether every name is accepted
 * @param anyAddress whether every IP address is accepted, and not only loopback addresses
 * @param names in lower case, without ports and without brackets
 */
record AllowedHosts(boolean anyHost, boolean anyAddress, Set<String> names) {

    /** For a server that asks for credentials, or that is meant to be reached under any name. */
    static final AllowedHosts ALL = new AllowedHosts(true, true, Set.of());

    static final AllowedHosts LOOPBACK = new AllowedHosts(false, false, Set.of());

    /** For the API's port. */
    static AllowedHosts forApi(Settings settings) {
        if (settings.auth() == Settings.Auth.REQUIRED) {
            return ALL;
        }
        Set<String> names = new HashSet<>(settings.http().allowedHosts());
        names.add(normalize(settings.http().host()));
        if (settings.publicUrl() != null) {
            names.add(normalize(settings.publicUrl().getHost()));
        }
        return new AllowedHosts(false, settings.authLocalAnywhere(), Set.copyOf(names));
    }

    /** For the management port, which never asks for credentials. Orchestrators probe a port that others reach under many names. */
    static AllowedHosts forManagement(Settings.Management settings) {
        return LOOPBACK.allows(settings.host()) ? LOOPBACK : ALL;
    }

    /** @param host without a port; an IPv6 address may stand in brackets */
    boolean allows(String host) {
        if (anyHost) {
            return true;
        }
        String name = normalize(host);
        byte[] address = NetUtil.createByteArrayFromIpAddressString(name);
        return names.contains(name)
                || (address == null
                        ? name.equals("localhost") || name.endsWith(".localhost")
                        : anyAddress || isLoopback(address));
    }

    private static boolean isLoopback(byte[] address) {
        try {
            return InetAddress.getByAddress(address).isLoopbackAddress();
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException(e);
        }
    }

    /** In lower case, without brackets and without the dot that ends an absolute name. */
    private static String normalize(String host) {
        String name = host.toLowerCase(Locale.ROOT).replaceAll("[\\[\\]]", "");
        return name.endsWith(".") ? name.substring(0, name.length() - 1) : name;
    }
}
