package dev.darkroom.config;

import dev.darkroom.config.Settings.Webhooks;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Turns the texts of {@code webhooks} into settings. */
final class WebhookSettingsReader {
    private static final Duration LONGEST_STEP = Duration.ofHours(72);
    private static final Duration LONGEST_TIMEOUT = Duration.ofMinutes(1);
    private static final int MAX_STEPS = 20;

    private static final Pattern LIST = Pattern.compile("\\s*,\\s*");
    private static final Pattern NETWORK = Pattern.compile(
            "(?<address>([0-9]{1,3}\\.){3}[0-9]{1,3}|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)(/(?<bits>[0-9]{1,3}))?");
    private static final Pattern PORTS = Pattern.compile("\\*|[0-9]{1,5}(\\s*,\\s*[0-9]{1,5})*");
    private static final Pattern TRUE_OR_FALSE = Pattern.compile("true|false");
    private static final int MAX_PORT = 65535;

    private final Values values;

    WebhookSettingsReader(Values values) {
        this.values = values;
    }

    Webhooks read() {
        return new Webhooks(
                values.get("webhooks.atOnce").integer(0, 4096),
                values.get("webhooks.poll").duration(),
                schedule(values.get("webhooks.schedule")),
                values.get("webhooks.timeout").duration(Duration.ofMillis(1), LONGEST_TIMEOUT),
                values.get("webhooks.maxPerUser").integer(0, 1000),
                values.get("webhooks.secretGrace").duration(),
                networks(values.get("webhooks.allowedNetworks")),
                values.get("webhooks.allowHttp")
                        .matching(TRUE_OR_FALSE, "true or false")
                        .equals("true"),
                ports(values.get("webhooks.allowedPorts")));
    }

    private static List<Duration> schedule(Value value) {
        String expected = "durations such as 5s, 5m, 2h, at most " + MAX_STEPS + ", separated by commas";
        List<Duration> steps;
        try {
            steps = Stream.of(LIST.split(value.text(), -1))
                    .map(DurationFormat::parse)
                    .toList();
        } catch (IllegalArgumentException e) {
            throw value.expected(expected);
        }
        boolean sane = steps.size() <= MAX_STEPS
                && steps.stream().allMatch(step -> !step.isZero() && step.compareTo(LONGEST_STEP) <= 0);
        if (!sane) {
            throw value.expected(expected + ", each from 1ms to 72h");
        }
        return steps;
    }

    private static List<String> networks(Value value) {
        if (value.isEmpty()) {
            return List.of();
        }
        String expected = "networks such as 10.0.0.0/8, separated by commas";
        List<String> networks = List.of(LIST.split(value.text(), -1));
        if (!networks.stream().allMatch(WebhookSettingsReader::isNetwork)) {
            throw value.expected(expected);
        }
        return networks;
    }

    private static boolean isNetwork(String text) {
        Matcher network = NETWORK.matcher(text);
        if (!network.matches()) {
            return false;
        }
        boolean six = text.indexOf(':') >= 0;
        try {
            // With colons or dots in the right number it is an address, and nothing is looked up.
            InetAddress.getByName(network.group("address"));
        } catch (UnknownHostException e) {
            return false;
        }
        String bits = network.group("bits");
        return bits == null || Integer.parseInt(bits) <= (six ? 128 : 32);
    }

    private static List<Integer> ports(Value value) {
        String expected = "ports from 1 to 65535, separated by commas, or *";
        String text = value.matching(PORTS, expected);
        if (text.equals("*")) {
            return List.of();
        }
        List<Integer> ports =
                Stream.of(LIST.split(text, -1)).map(Integer::valueOf).toList();
        if (ports.stream().anyMatch(port -> port < 1 || port > MAX_PORT)) {
            throw value.expected(expected);
        }
        return ports;
    }
}
