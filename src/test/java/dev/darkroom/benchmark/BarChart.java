package dev.darkroom.benchmark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Horizontal bar chart as SVG, 800 pixels wide, for light and for dark pages. Each panel has a scale of its own, from zero. A
 * bar is the median, its line reaches from the lowest to the highest round.
 *
 * @param name of the files
 * @param title for readers that do not see the image
 * @param unit of all figures
 * @param legend text after the roles, such as the meaning of the notes
 */
record BarChart(String name, String title, String unit, String legend, List<Panel> panels) {
    private static final int WIDTH = 800;
    private static final int LABEL_WIDTH = 205;
    private static final int VALUE_WIDTH = 150;
    private static final int PLOT_WIDTH = WIDTH - LABEL_WIDTH - VALUE_WIDTH;
    private static final int MARGIN = 12;
    private static final int BAR_HEIGHT = 18;
    private static final int ROW_HEIGHT = 26;
    private static final int PANEL_HEAD = 44;
    private static final int LEGEND_HEIGHT = 40;

    private static final Theme LIGHT = new Theme(
            "",
            "#ffffff",
            "#1f2328",
            "#59636e",
            Map.of(
                    SystemRole.DARKROOM, "#0969da",
                    SystemRole.PEER, "#bc4c00",
                    SystemRole.BATCHED_PEER, "#e5a570",
                    SystemRole.LIMIT, "#8c959f",
                    SystemRole.CALCULATION, "#b6d4fe"));
    private static final Theme DARK = new Theme(
            "-dark",
            "#0d1117",
            "#e6edf3",
            "#9198a1",
            Map.of(
                    SystemRole.DARKROOM, "#4493f8",
                    SystemRole.PEER, "#f0883e",
                    SystemRole.BATCHED_PEER, "#9e6a3a",
                    SystemRole.LIMIT, "#656c76",
                    SystemRole.CALCULATION, "#1f4a86"));

    /** Bars with one scale. */
    record Panel(String title, List<Bar> bars) {}

    /** @param note beside the figure, such as a ratio; empty for none */
    record Bar(String label, SystemRole role, MedianWithRange value, String note) {}

    private record Theme(
            String suffix, String background, String text, String line, Map<SystemRole, String> barColors) {}

    /** Writes {@code NAME.svg} and {@code NAME-dark.svg}. */
    void write(Path directory) throws IOException {
        Files.createDirectories(directory);
        for (Theme theme : List.of(LIGHT, DARK)) {
            Files.writeString(directory.resolve(name + theme.suffix() + ".svg"), render(theme));
        }
    }

    /** Returns the Markdown that embeds the files. */
    String embed(String directory) {
        String path = directory + "/" + name;
        return "<picture><source media=\"(prefers-color-scheme: dark)\" srcset=\"%s-dark.svg\"><img src=\"%s.svg\" width=\"%d\" alt=\"%s\"></picture>\n"
                .formatted(path, path, WIDTH, escape(title));
    }

    private String render(Theme theme) {
        int height = LEGEND_HEIGHT
                + panels.stream()
                        .mapToInt(
                                panel -> PANEL_HEAD + ROW_HEIGHT * panel.bars().size())
                        .sum();
        StringBuilder svg = new StringBuilder();
        svg.append(
                ("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" role=\"img\""
                                + " aria-labelledby=\"t\" font-family=\"Helvetica, Arial, 'Liberation Sans', sans-serif\""
                                + " font-size=\"14\" fill=\"%s\">%n<title id=\"t\">%s</title>%n"
                                + "<rect width=\"%d\" height=\"%d\" fill=\"%s\"/>%n")
                        .formatted(
                                WIDTH,
                                height,
                                WIDTH,
                                height,
                                theme.text(),
                                escape(title),
                                WIDTH,
                                height,
                                theme.background()));
        int y = 0;
        for (Panel panel : panels) {
            y = renderPanel(svg, theme, panel, y);
        }
        renderLegend(svg, theme, y);
        return svg.append("</svg>\n").toString();
    }

    private int renderPanel(StringBuilder svg, Theme theme, Panel panel, int top) {
        double scale = panel.bars().stream()
                .mapToDouble(bar -> bar.value().maximum())
                .max()
                .orElse(1);
        svg.append("<text x=\"%d\" y=\"%d\" font-weight=\"bold\">%s, %s</text>%n"
                .formatted(MARGIN, top + 30, escape(panel.title()), escape(unit)));
        int y = top + PANEL_HEAD;
        for (Bar bar : panel.bars()) {
            renderBar(svg, theme, bar, scale, y);
            y += ROW_HEIGHT;
        }
        return y;
    }

    private static void renderBar(StringBuilder svg, Theme theme, Bar bar, double scale, int y) {
        int middle = y + BAR_HEIGHT / 2;
        int from = x(bar.value().minimum(), scale);
        int to = x(bar.value().maximum(), scale);
        svg.append("<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>%n"
                .formatted(LABEL_WIDTH - 8, middle + 5, escape(bar.label())));
        svg.append("<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"2\" fill=\"%s\"/>%n"
                .formatted(
                        LABEL_WIDTH,
                        y,
                        Math.max(1, x(bar.value().median(), scale) - LABEL_WIDTH),
                        BAR_HEIGHT,
                        theme.barColors().get(bar.role())));
        svg.append("<path d=\"M%d %dH%dM%d %dv6M%d %dv6\" stroke=\"%s\" stroke-width=\"1.5\" fill=\"none\"/>%n"
                .formatted(from, middle, to, from, middle - 3, to, middle - 3, theme.text()));
        svg.append("<text x=\"%d\" y=\"%d\">%s<tspan dx=\"8\" fill=\"%s\">%s</tspan></text>%n"
                .formatted(
                        to + 8,
                        middle + 5,
                        MedianWithRange.formatNumber(bar.value().median(), 0),
                        theme.line(),
                        escape(bar.note())));
    }

    private static int x(double value, double scale) {
        return LABEL_WIDTH + (int) Math.round(PLOT_WIDTH * value / scale);
    }

    private void renderLegend(StringBuilder svg, Theme theme, int top) {
        int x = MARGIN;
        for (SystemRole role : SystemRole.values()) {
            if (panels.stream().flatMap(panel -> panel.bars().stream()).anyMatch(bar -> bar.role() == role)) {
                svg.append("<rect x=\"%d\" y=\"%d\" width=\"12\" height=\"12\" rx=\"2\" fill=\"%s\"/>%n"
                        .formatted(x, top + 14, theme.barColors().get(role)));
                svg.append("<text x=\"%d\" y=\"%d\" fill=\"%s\">%s</text>%n"
                        .formatted(x + 18, top + 25, theme.line(), role.label()));
                x += 40 + 8 * role.label().length();
            }
        }
        svg.append(
                "<text x=\"%d\" y=\"%d\" fill=\"%s\">%s</text>%n".formatted(x, top + 25, theme.line(), escape(legend)));
    }

    private static String escape(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace("\"", "&quot;");
    }
}
