package dev.darkroom.monitoring;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.darkroom.monitoring.MonitoringRules.Rule;
import dev.darkroom.monitoring.PromQl.Selector;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Checks the rules and dashboards in {@code conf/monitoring} against the pages, without Prometheus. */
class MonitoringFilesTest {
    private static final Path DASHBOARD_SOURCES = Path.of("src/monitoring");
    private static final Path RULE_TESTS = Path.of("src/test/monitoring/alerts.yml");
    private static final Path OPERATIONS = Path.of("docs/operations.md");

    /** Labels that Prometheus adds to all series, and labels of the alerts and recorded series. */
    private static final Set<String> OTHER_LABELS = Set.of("job", "instance", "slo", "alertname", "alertstate");

    private static final Set<String> SERIES_OF_PROMETHEUS = Set.of("up", "ALERTS");
    private static final Pattern INCIDENT = Pattern.compile("(?m)^### (Darkroom[A-Za-z]+)$");

    private static Stream<String> expressions() {
        return Stream.of(
                        MonitoringRules.recordingRules().stream().map(Rule::expression),
                        MonitoringRules.alerts().stream().map(Rule::expression),
                        Dashboards.queries().stream().map(Dashboards.PanelQuery::expression),
                        Dashboards.files().stream()
                                .flatMap(file -> Dashboards.variables(file).stream())
                                .map(variable -> Dashboards.labelQuery(variable).selector()))
                .flatMap(all -> all);
    }

    @Test
    void everyMetricIsDocumentedWithItsLabels() {
        // given
        Map<String, Set<String>> documented = MetricsPage.labelsBySeries();
        Set<String> recorded =
                MonitoringRules.recordingRules().stream().map(Rule::name).collect(Collectors.toSet());

        // when
        List<String> unknown = new ArrayList<>();
        expressions().forEach(expression -> {
            Set<String> known = new TreeSet<>(OTHER_LABELS);
            for (Selector selector : PromQl.selectors(expression)) {
                Set<String> labels = documented.getOrDefault(selector.metric(), Set.of());
                known.addAll(labels);
                if (!documented.containsKey(selector.metric())
                        && !recorded.contains(selector.metric())
                        && !SERIES_OF_PROMETHEUS.contains(selector.metric())) {
                    unknown.add("metric " + selector.metric());
                }
                selector.labels().stream()
                        .filter(label -> !labels.contains(label) && !OTHER_LABELS.contains(label))
                        .forEach(label -> unknown.add("label " + label + " of " + selector.text()));
            }
            PromQl.groupingLabels(expression).stream()
                    .filter(label -> !known.contains(label))
                    .forEach(label -> unknown.add("label " + label + " in " + expression));
        });

        // then
        assertThat(documented).hasSizeGreaterThan(100);
        assertThat(unknown).as("not in docs/metrics.md").isEmpty();
    }

    @Test
    void everyAlertSaysWhatToDo() {
        assertThat(MonitoringRules.alerts()).allSatisfy(alert -> {
            assertThat(alert.labels()).containsOnlyKeys("severity");
            assertThat(alert.labels().get("severity")).isIn("critical", "warning", "info");
            assertThat(alert.annotations()).containsOnlyKeys("summary", "description", "runbook_url");
            assertThat(alert.annotations().get("description")).endsWith(".");
            assertThat(alert.annotations())
                    .containsEntry(
                            "runbook_url", OPERATIONS + "#" + alert.name().toLowerCase(Locale.ROOT));
        });
    }

    @Test
    void everyAlertHasAnIncidentPage() throws IOException {
        String page = Files.readString(OPERATIONS);
        List<String> incidents =
                INCIDENT.matcher(page).results().map(found -> found.group(1)).toList();

        assertThat(incidents)
                .containsExactlyElementsOf(
                        MonitoringRules.alerts().stream().map(Rule::name).toList());
        for (String incident : page.split("(?m)^### (?=Darkroom)")) {
            if (incidents.stream().anyMatch(incident::startsWith)) {
                assertThat(incident).contains("**Meaning.**", "**Look at.**", "**Do.**", "**Resolves**");
            }
        }
    }

    @Test
    void everyAlertIsTestedFiringAndResolved() {
        Map<String, Set<Boolean>> tested = new TreeMap<>();
        for (JsonNode test : MonitoringRules.yaml(RULE_TESTS).get("tests")) {
            String name = test.required("name").asText();
            for (JsonNode check : test.get("promql_expr_test")) {
                assertThat(check.get("expr").asText()).contains("alertname=\"" + name + "\", alertstate=\"firing\"");
                tested.computeIfAbsent(name, each -> new TreeSet<>())
                        .add(!check.path("exp_samples").isEmpty());
            }
        }

        assertThat(tested.keySet())
                .containsExactlyInAnyOrderElementsOf(
                        MonitoringRules.alerts().stream().map(Rule::name).toList());
        assertThat(tested.values()).allMatch(states -> states.equals(Set.of(true, false)));
    }

    @Test
    void dashboardsAreRenderedFromTheirSources() throws IOException {
        List<String> names;
        try (Stream<Path> sources = Files.list(DASHBOARD_SOURCES)) {
            names = sources.map(source -> source.getFileName().toString().replace(".yaml", ""))
                    .sorted()
                    .toList();
        }
        assertThat(names)
                .isEqualTo(Dashboards.files().stream()
                        .map(file -> file.getFileName().toString().replace(".json", ""))
                        .toList());
        for (String name : names) {
            String rendered = ReadableJson.print(
                    new DashboardRenderer().render(MonitoringRules.yaml(DASHBOARD_SOURCES.resolve(name + ".yaml"))));
            Path file = Dashboards.DIRECTORY.resolve(name + ".json");
            if (Boolean.getBoolean("darkroom.docs.write")) {
                Files.writeString(file, rendered);
            }
            assertThat(Files.readString(file).lines())
                    .as("to render %s: ./mvnw test -Dtest=MonitoringFilesTest -Ddarkroom.docs.write=true", file)
                    .containsExactlyElementsOf(rendered.lines().toList());
        }
    }
}
