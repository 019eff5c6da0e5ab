package dev.darkroom.config;

import dev.darkroom.config.Settings.Bridge;
import dev.darkroom.config.Settings.Cluster;
import java.util.List;
import java.util.regex.Pattern;

/** Turns the texts of {@code cluster} and {@code bridge}, by which other programs reach the event bus, into settings. */
final class BusSettingsReader {
    private static final Pattern HOST = Pattern.compile("[^\\s/@?#\\[\\]]{1,255}");
    private static final Pattern REACHABLE_HOST =
            Pattern.compile("(?!0\\.0\\.0\\.0$|[:0]+$|\\*$)[^\\s/@?#\\[\\]]{1,255}");
    private static final Pattern NAME = Pattern.compile("[a-z0-9-]{1,40}");
    private static final String MEMBER = "[^\\s/@?#\\[\\],:]{1,255}:[0-9]{1,5}";
    private static final Pattern MEMBERS = Pattern.compile(MEMBER + "(\\s*,\\s*" + MEMBER + ")*");

    /** An address of events, and never one of commands or of replies. */
    private static final String EVENTS = "darkroom(\\.[a-z]{1,40}){1,3}\\.events";

    private static final Pattern ADDRESSES = Pattern.compile(EVENTS + "(\\s*,\\s*" + EVENTS + "){0,15}");
    private static final Pattern TRUE_OR_FALSE = Pattern.compile("true|false");
    private static final int MAX_PORT = 65535;

    private final Values values;

    BusSettingsReader(Values values) {
        this.values = values;
    }

    Cluster cluster() {
        Value members = values.get("cluster.members");
        Value service = values.get("cluster.kubernetesService");
        return new Cluster(
                bool("cluster.enabled"),
                values.get("cluster.host")
                        .matching(REACHABLE_HOST, "an address by which others reach this machine, not a wildcard"),
                values.get("cluster.port").integer(1, MAX_PORT),
                values.get("cluster.busPort").integer(0, MAX_PORT),
                members.isEmpty() ? List.of() : list(members, MEMBERS, "host:port, separated by commas"),
                service.isEmpty() ? null : service.matching(HOST, "a DNS name"),
                values.get("cluster.name").matching(NAME, "1 to 40 of a-z, 0-9 and hyphen"));
    }

    Bridge bridge() {
        return new Bridge(
                bool("bridge.sockjs"),
                bool("bridge.tcp"),
                values.get("bridge.host").matching(HOST, "a host name or an IP address without brackets"),
                values.get("bridge.port").integer(0, MAX_PORT),
                list(
                        values.get("bridge.addresses"),
                        ADDRESSES,
                        "addresses of events, such as darkroom.generation.events, separated by commas"),
                values.get("bridge.maxConnections").integer(1, 10_000));
    }

    private boolean bool(String path) {
        return values.get(path).matching(TRUE_OR_FALSE, "true or false").equals("true");
    }

    private static List<String> list(Value value, Pattern shape, String expected) {
        return List.of(value.matching(shape, expected).split("\\s*,\\s*", -1));
    }
}
