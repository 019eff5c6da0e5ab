package dev.darkroom.config;

import dev.darkroom.config.Settings.Cluster;
import java.util.List;
import java.util.regex.Pattern;

/** Reads the section {@code cluster}, which configures the clustered event bus. */
final class ClusterSettingsReader {
    private static final Pattern HOST = Pattern.compile("[^\\s/@?#\\[\\]]{1,255}");
    private static final Pattern REACHABLE_HOST =
            Pattern.compile("(?!0\\.0\\.0\\.0$|[:0]+$|\\*$)[^\\s/@?#\\[\\]]{1,255}");
    private static final Pattern NAME = Pattern.compile("[a-z0-9-]{1,40}");
    private static final String MEMBER = "[^\\s/@?#\\[\\],:]{1,255}:[0-9]{1,5}";
    private static final Pattern MEMBERS = Pattern.compile(MEMBER + "(\\s*,\\s*" + MEMBER + ")*");

    private static final int MAX_PORT = 65535;

    private final LayeredSettings layeredSettings;

    ClusterSettingsReader(LayeredSettings layeredSettings) {
        this.layeredSettings = layeredSettings;
    }

    Cluster read() {
        SettingValue members = layeredSettings.get("cluster.members");
        SettingValue service = layeredSettings.get("cluster.kubernetesService");
        return new Cluster(
                layeredSettings.get("cluster.enabled").bool(),
                layeredSettings
                        .get("cluster.host")
                        .matching(REACHABLE_HOST, "an address by which others reach this machine, not a wildcard"),
                layeredSettings.get("cluster.port").integer(1, MAX_PORT),
                layeredSettings.get("cluster.busPort").integer(0, MAX_PORT),
                members.isEmpty() ? List.of() : list(members, MEMBERS, "host:port, separated by commas"),
                service.isEmpty() ? null : service.matching(HOST, "a DNS name"),
                layeredSettings.get("cluster.name").matching(NAME, "1 to 40 of a-z, 0-9 and hyphen"));
    }

    private static List<String> list(SettingValue settingValue, Pattern pattern, String expected) {
        return List.of(settingValue.matching(pattern, expected).split("\\s*,\\s*", -1));
    }
}
