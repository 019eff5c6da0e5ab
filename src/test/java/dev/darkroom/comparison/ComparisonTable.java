package dev.darkroom.comparison;

import java.util.EnumMap;
import java.util.Map;

/** Renders submissions and results as a Markdown table, with one cell for both clients where they agree. */
final class ComparisonTable {
    private final Map<UpstreamFault, Map<Route, Map<OpenAiSdk, String>>> cells = new EnumMap<>(UpstreamFault.class);

    /**
     * Adds a run.
     *
     * @param result returned by {@link OpenAiSdk#call}
     * @param stored whether Darkroom stored the image
     */
    void add(Run run, long submissions, String result, boolean stored) {
        String text = submissions + ", " + describe(result) + (stored && !result.equals("picture") ? ", stored" : "");
        cells.computeIfAbsent(run.fault(), fault -> new EnumMap<>(Route.class))
                .computeIfAbsent(run.route(), route -> new EnumMap<>(OpenAiSdk.class))
                .put(run.sdk(), text);
    }

    private static String describe(String result) {
        return result.matches("picture|nothing|error \\d+") ? result : "`" + result + "`";
    }

    String render() {
        StringBuilder markdown = new StringBuilder("| the AI server");
        StringBuilder line = new StringBuilder("|---");
        for (Route route : Route.values()) {
            markdown.append(" | ").append(route.title());
            line.append("|---");
        }
        markdown.append(" |\n").append(line).append("|\n");
        cells.forEach((fault, row) -> {
            markdown.append("| ").append(fault.title());
            row.values().forEach(cell -> markdown.append(" | ").append(cell(cell)));
            markdown.append(" |\n");
        });
        return markdown.toString();
    }

    private static String cell(Map<OpenAiSdk, String> texts) {
        if (texts.values().stream().distinct().count() == 1) {
            return texts.get(OpenAiSdk.NPM);
        }
        return "npm: " + texts.get(OpenAiSdk.NPM) + "; PyPI: " + texts.get(OpenAiSdk.PYPI);
    }
}
