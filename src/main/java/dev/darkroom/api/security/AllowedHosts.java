package dev.darkroom.api.security;

import dev.darkroom.config.InboundSettings;
import dev.darkroom.config.Settings;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;

/**
 * Host names that a server without authentication accepts. The server rejects a web page with a domain that resolves to a loopback address
 * (DNS rebinding), because the browser sends that domain in {@code Host}. An IP address cannot be rebound. Immutable.
 *
 * @param anyHost whether every host name is accepted
 * @param anyAddress whether every IP address is accepted, not only loopback addresses
 * @param names accepted host names in lower case, without ports and brackets
 */
record AllowedHosts(boolean anyHost, boolean anyAddress, Set<String> names) {

    /** For a server that requires credentials, or that serves any host name. */
    static final AllowedHosts ALL = new AllowedHosts(true, true, Set.of());

    static final AllowedHosts LOOPBACK = new AllowedHosts(false, false, Set.of());

    /** Returns the accepted hosts of the API port. */
    static AllowedHosts forApi(Settings settings) {
        if (settings.auth() == InboundSettings.AuthMode.REQUIRED) {
            return ALL;
        }
        Set<String> names = new HashSet<>(settings.http().allowedHosts());
        names.add(normalize(settings.http().host()));
        if (settings.publicUrl() != null) {
            names.add(normalize(settings.publicUrl().getHost()));
        }
        return new AllowedHosts(false, settings.allowUnauthenticatedRemote(), Set.copyOf(names));
    }

    /**
     * Returns the accepted hosts of the management port, which never requires credentials. Orchestrators probe a port on a non-loopback
     * address under many names.
     */
    static AllowedHosts forManagement(InboundSettings.Management settings) {
        return LOOPBACK.allows(settings.host()) ? LOOPBACK : ALL;
    }

    /** @param host without a port; an IPv6 address may have brackets */
    boolean allows(String host) {
        if (anyHost) {
            return true;
        }
        String name = normalize(host);
        InetAddress address = NetUtil.createInetAddressFromIpAddressString(name);
        return names.contains(name)
                || (address == null
                        ? name.equals("localhost") || name.endsWith(".localhost")
                        : anyAddress || address.isLoopbackAddress());
    }

    /** Converts to lower case and removes brackets and the final dot of an absolute name. */
    private static String normalize(String host) {
        String name = host.toLowerCase(Locale.ROOT).replace("[", "").replace("]", "");
        return name.endsWith(".") ? name.substring(0, name.length() - 1) : name;
    }
}
