package dev.darkroom.config;

import dev.darkroom.config.Settings.Webhooks;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Turns the texts of {@code webhooks} into settings. */
final class WebhookSettingsReader {
    private static final Duration LONGEST_STEP = Duration.ofHours(72);
    private static final Duration LONGEST_TIMEOUT = Duration.ofMinutes(1);
    private static final int MAX_STEPS = 20;

    private static final Pattern LIST = Pattern.compile("\\s*,\\s*");
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
                NetworkList.read(values.get("webhooks.allowedNetworks")),
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
