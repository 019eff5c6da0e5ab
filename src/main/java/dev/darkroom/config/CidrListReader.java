package dev.darkroom.config;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads networks such as {@code 10.0.0.0/8}, separated by commas. */
final class CidrListReader {
    private static final Pattern SEPARATOR = Pattern.compile("\\s*,\\s*");
    private static final Pattern CIDR = Pattern.compile(
            "(?<address>([0-9]{1,3}\\.){3}[0-9]{1,3}|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)(/(?<bits>[0-9]{1,3}))?");

    private CidrListReader() {}

    static List<String> read(SettingValue settingValue) {
        List<String> networks = List.of(SEPARATOR.split(settingValue.text(), -1));
        if (!networks.stream().allMatch(CidrListReader::isNetwork)) {
            throw settingValue.expected("networks such as 10.0.0.0/8, separated by commas");
        }
        return networks;
    }

    private static boolean isNetwork(String text) {
        Matcher network = CIDR.matcher(text);
        if (!network.matches()) {
            return false;
        }
        boolean ipv6 = text.indexOf(':') >= 0;
        try {
            // The pattern admits only address literals, so this never performs a DNS lookup.
            InetAddress.getByName(network.group("address"));
        } catch (UnknownHostException e) {
            return false;
        }
        String bits = network.group("bits");
        return bits == null || Integer.parseInt(bits) <= (ipv6 ? 128 : 32);
    }
}
