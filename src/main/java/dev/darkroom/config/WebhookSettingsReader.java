package dev.darkroom.config;

import dev.darkroom.config.Settings.Webhooks;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Reads the section {@code webhooks}. */
final class WebhookSettingsReader {
    private static final Duration MAX_RETRY_DELAY = Duration.ofHours(72);
    private static final Duration MAX_TIMEOUT = Duration.ofMinutes(1);
    private static final int MAX_RETRIES = 20;

    private static final Pattern SEPARATOR = Pattern.compile("\\s*,\\s*");
    private static final Pattern PORTS = Pattern.compile("\\*|[0-9]{1,5}(\\s*,\\s*[0-9]{1,5})*");
    private static final int MAX_PORT = 65535;

    private final LayeredSettings layeredSettings;

    WebhookSettingsReader(LayeredSettings layeredSettings) {
        this.layeredSettings = layeredSettings;
    }

    Webhooks read() {
        return new Webhooks(
                layeredSettings.get("webhooks.concurrency").integer(0, 4096),
                layeredSettings.get("webhooks.pollInterval").duration(),
                retryDelays(layeredSettings.get("webhooks.retryDelays")),
                layeredSettings.get("webhooks.timeout").duration(Duration.ofMillis(1), MAX_TIMEOUT),
                layeredSettings.get("webhooks.maxPerUser").integer(0, 1000),
                layeredSettings.get("webhooks.previousSecretTtl").duration(),
                CidrListReader.read(layeredSettings.get("webhooks.allowedNetworks")),
                layeredSettings.get("webhooks.allowHttp").bool(),
                ports(layeredSettings.get("webhooks.allowedPorts")));
    }

    private static List<Duration> retryDelays(SettingValue settingValue) {
        String expected = "durations such as 5s, 5m, 2h, at most " + MAX_RETRIES + ", separated by commas";
        List<Duration> delays;
        try {
            delays = Stream.of(SEPARATOR.split(settingValue.text(), -1))
                    .map(DurationFormat::parse)
                    .toList();
        } catch (IllegalArgumentException e) {
            throw settingValue.expected(expected);
        }
        boolean valid = delays.size() <= MAX_RETRIES
                && delays.stream().allMatch(delay -> !delay.isZero() && delay.compareTo(MAX_RETRY_DELAY) <= 0);
        if (!valid) {
            throw settingValue.expected(expected + ", each from 1ms to 72h");
        }
        return delays;
    }

    private static List<Integer> ports(SettingValue settingValue) {
        String expected = "ports from 1 to 65535, separated by commas, or *";
        String text = settingValue.matching(PORTS, expected);
        if (text.equals("*")) {
            return List.of();
        }
        List<Integer> ports =
                Stream.of(SEPARATOR.split(text, -1)).map(Integer::valueOf).toList();
        if (ports.stream().anyMatch(port -> port < 1 || port > MAX_PORT)) {
            throw settingValue.expected(expected);
        }
        return ports;
    }
}
