package dev.darkroom.monitoring;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Finds the metrics and labels of a PromQL expression. Covers the syntax that the rules and dashboards use; Prometheus itself checks
 * the syntax in the profile {@code monitoring}.
 */
final class PromQl {
    private static final String STRING = "\"(?:[^\"\\\\]|\\\\.)*\"";
    private static final Pattern TOKEN = Pattern.compile("(?<string>" + STRING + ")"
            + "|(?<range>\\[[^\\]]*\\])"
            + "|\\b(?:by|without|on|ignoring|group_left|group_right)\\s*\\((?<grouping>[^)]*)\\)"
            + "|(?<function>[a-zA-Z_]\\w*+\\s*\\()"
            + "|(?<number>\\d[\\w.]*)"
            + "|(?<metric>[a-zA-Z_:][\\w:]*+)(?<matchers>\\{(?:[^}\"]|" + STRING + ")*\\})?");
    private static final Pattern MATCHER = Pattern.compile("(\\w+)\\s*(?:=~|!~|!=|=)\\s*" + STRING);

    /** Words that are not metrics although no parenthesis follows them directly. */
    private static final Set<String> KEYWORDS = Set.of(
            "and",
            "or",
            "unless",
            "bool",
            "offset",
            "sum",
            "min",
            "max",
            "avg",
            "count",
            "topk",
            "bottomk",
            "quantile");

    private PromQl() {}

    /**
     * A metric with its matchers.
     *
     * @param labels of the matchers
     * @param text as in the expression
     */
    record Selector(String metric, Set<String> labels, String text) {}

    /** Returns the selectors of an expression, in order. */
    static List<Selector> selectors(String expression) {
        List<Selector> selectors = new ArrayList<>();
        Matcher token = TOKEN.matcher(expression);
        while (token.find()) {
            String metric = token.group("metric");
            if (metric != null && !KEYWORDS.contains(metric)) {
                Set<String> labels = new TreeSet<>();
                if (token.group("matchers") != null) {
                    MATCHER.matcher(token.group("matchers")).results().forEach(each -> labels.add(each.group(1)));
                }
                selectors.add(new Selector(metric, labels, token.group()));
            }
        }
        return selectors;
    }

    /** Returns the labels by which an expression groups or joins. */
    static Set<String> groupingLabels(String expression) {
        Set<String> labels = new TreeSet<>();
        Matcher token = TOKEN.matcher(expression);
        while (token.find()) {
            if (token.group("grouping") != null) {
                for (String label : token.group("grouping").split(",")) {
                    if (!label.isBlank()) {
                        labels.add(label.strip());
                    }
                }
            }
        }
        return labels;
    }
}
