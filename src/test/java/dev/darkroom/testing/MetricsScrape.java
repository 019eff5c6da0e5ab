package dev.darkroom.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The response of {@code GET /metrics} in the text format of Prometheus.
 *
 * @param types type of each metric by its name
 * @param series all series, in the order of the response
 */
public record MetricsScrape(Map<String, String> types, List<Series> series) {
    private static final Pattern TYPE = Pattern.compile("# TYPE (\\S+) (\\S+)");
    private static final Pattern SAMPLE = Pattern.compile("([a-zA-Z0-9_:]+)(?:\\{(.*)})? (\\S+)");
    private static final Pattern LABEL = Pattern.compile("([a-zA-Z0-9_]+)=\"((?:[^\"\\\\]|\\\\.)*)\"");

    /** A series with its current value. */
    public record Series(String name, Map<String, String> labels, double value) {
        /** Returns name and labels, which identify the series. */
        public String id() {
            return name + new TreeMap<>(labels);
        }
    }

    /** Scrapes a process. */
    public static MetricsScrape of(DarkroomInstance darkroom) {
        ApiClient.ApiResponse response = new ApiClient(darkroom.management()).get("/metrics");
        assertThat(response.status()).isEqualTo(200);
        return parse(response.text());
    }

    static MetricsScrape parse(String text) {
        Map<String, String> types = new TreeMap<>();
        List<Series> series = new ArrayList<>();
        for (String line : text.lines().toList()) {
            Matcher type = TYPE.matcher(line);
            Matcher sample = SAMPLE.matcher(line);
            if (type.matches()) {
                types.put(type.group(1), type.group(2));
            } else if (sample.matches()) {
                series.add(new Series(
                        sample.group(1),
                        labels(sample.group(2)),
                        Double.parseDouble(sample.group(3).replace("+Inf", "Infinity"))));
            } else {
                assertThat(line).startsWith("# HELP ");
            }
        }
        return new MetricsScrape(types, series);
    }

    private static Map<String, String> labels(String text) {
        Map<String, String> labels = new TreeMap<>();
        if (text != null) {
            LABEL.matcher(text).results().forEach(label -> labels.put(label.group(1), label.group(2)));
        }
        return labels;
    }

    /** Returns the metric that a series belongs to: a histogram and a summary have several series names. */
    public String metricOf(Series one) {
        if (types.containsKey(one.name())) {
            return one.name();
        }
        String base = one.name().replaceFirst("_(bucket|sum|count)$", "");
        assertThat(types).as(one.name()).containsKey(base);
        return base;
    }

    /** Returns the sum of the series with a name and all of these labels; 0 without one. */
    public double sum(String name, Map<String, String> labels) {
        return series.stream()
                .filter(one ->
                        one.name().equals(name) && one.labels().entrySet().containsAll(labels.entrySet()))
                .mapToDouble(Series::value)
                .sum();
    }
}
