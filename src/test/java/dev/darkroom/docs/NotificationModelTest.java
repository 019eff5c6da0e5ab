package dev.darkroom.docs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.Settings;
import dev.darkroom.config.SettingsLoader;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Recomputes the capacity and cost tables of the notification design from its parameters and formulas. */
class NotificationModelTest {
    private static final ModelTables MODEL = new ModelTables(NotificationDesign.TEXT);
    private static final Map<String, Double> PARAMETERS = MODEL.parameters();

    @Test
    @DisplayName("every value of the capacity and cost tables follows from its formula")
    void tablesFollowFromFormulas() {
        assertThat(NotificationDesign.TEXT.split(Pattern.quote(ModelTables.SIZES), -1))
                .hasSize(3);
        assertThat(MODEL.rows()).hasSizeGreaterThan(20);
        MODEL.assertValuesFollowFromFormulas("python3 docs/models/notification_model.py --write");
    }

    @Test
    void parametersAreDefaultsAndMeasurements() {
        Settings defaults = SettingsLoader.load(Map.of(), Path.of(".")).settings();
        String performance = MarkdownPages.read(Path.of("docs/performance.md"));

        assertThat(PARAMETERS)
                .containsEntry("node_streams", (double) defaults.streams().perProcess())
                .containsEntry("connects", (double) defaults.streams().connectsPerSecond())
                .containsEntry("poll_s", (double)
                        defaults.notifications().pollInterval().toSeconds())
                .containsEntry("days", defaults.notifications().retention().toDays() + 7.0);
        assertThat(performance)
                .contains("| Darkroom, serial collector, heap of 256 MB | " + PARAMETERS.get("stream_kb"))
                .contains("| Centrifugo | " + PARAMETERS.get("engine_kb"));
        assertThat(NotificationDesign.TEXT).contains("%,.0f with collected hints".formatted(PARAMETERS.get("ends")));
    }

    @Test
    void deploymentFigureShowsTheModel() {
        Map<String, List<String>> rows = MODEL.rowsByName();
        String figure = MarkdownPages.read(Path.of("docs/diagrams/notification-deployment.svg"));

        assertThat(figure)
                .contains(rows.get("nodes").get(2) + " nodes")
                .contains(rows.get("nodes").get(3) + " stream nodes")
                .contains(rows.get("nodes_cell").get(4) + " stream nodes")
                .contains("Cell " + rows.get("cells").get(4))
                .contains("(" + rows.get("streams").get(2) + " streams at peak)")
                .contains("(" + rows.get("streams").get(3) + " streams at peak)");
    }
}
