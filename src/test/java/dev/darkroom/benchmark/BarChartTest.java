package dev.darkroom.benchmark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

class BarChartTest {
    private static final BarChart CHART = new BarChart(
            "example",
            "Requests <per> \"second\"",
            "requests per second",
            "note: a note",
            List.of(
                    new BarChart.Panel(
                            "POST",
                            List.of(
                                    bar("Darkroom", SystemRole.DARKROOM, 50, 100, 200),
                                    bar("INSERT & commit", SystemRole.LIMIT, 40, 50, 60))),
                    new BarChart.Panel("GET", List.of(bar("Darkroom", SystemRole.DARKROOM, 1, 1, 1)))));

    @TempDir
    private Path directory;

    private static BarChart.Bar bar(String label, SystemRole role, double minimum, double median, double maximum) {
        return new BarChart.Bar(label, role, new MedianWithRange(median, minimum, maximum), "note");
    }

    private Element write(String file) throws Exception {
        CHART.write(directory);
        return DocumentBuilderFactory.newDefaultInstance()
                .newDocumentBuilder()
                .parse(directory.resolve(file).toFile())
                .getDocumentElement();
    }

    @Test
    void writesChartForLightAndDarkPages() throws Exception {
        Element light = write("example.svg");
        Element dark = write("example-dark.svg");

        assertThat(background(light)).isEqualTo("#ffffff");
        assertThat(background(dark)).isEqualTo("#0d1117");
        assertThat(light.getAttribute("width")).isEqualTo("800");
    }

    private static String background(Element svg) {
        return ((Element) svg.getElementsByTagName("rect").item(0)).getAttribute("fill");
    }

    @Test
    void lengthOfBarIsProportionalToMedianWithinItsPanel() throws Exception {
        Element svg = write("example.svg");

        List<Double> widths = barWidths(svg);

        // The highest round, 200, has the whole width.
        assertThat(widths.get(0)).isEqualTo(2 * widths.get(1), offset(1.0));
        assertThat(widths.get(2)).isEqualTo(2 * widths.get(0), offset(1.0));
    }

    /** Returns the widths of the bars, without background and legend. */
    private static List<Double> barWidths(Element svg) {
        NodeList rectangles = svg.getElementsByTagName("rect");
        return IntStream.range(1, rectangles.getLength())
                .mapToObj(at -> (Element) rectangles.item(at))
                .filter(each -> each.getAttribute("height").equals("18"))
                .map(each -> Double.valueOf(each.getAttribute("width")))
                .toList();
    }

    @Test
    void legendNamesOnlyTheRolesOfTheChart() throws IOException {
        CHART.write(directory);

        assertThat(Files.readString(directory.resolve("example.svg")))
                .contains(">limit</text>")
                .doesNotContain(">peer</text>");
    }

    @Test
    void pageSelectsTheFileByColorScheme() {
        assertThat(CHART.embed("charts"))
                .contains("(prefers-color-scheme: dark)", "charts/example-dark.svg", "src=\"charts/example.svg\"")
                .contains("alt=\"Requests &lt;per> &quot;second&quot;\"");
    }
}
