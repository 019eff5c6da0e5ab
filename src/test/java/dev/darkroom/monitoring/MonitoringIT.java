package dev.darkroom.monitoring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.monitoring.Dashboards.LabelQuery;
import dev.darkroom.monitoring.Dashboards.PanelQuery;
import dev.darkroom.monitoring.MonitoringRules.Rule;
import dev.darkroom.testing.DarkroomFleet;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.FreePort;
import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.TestApiKeys;
import dev.darkroom.testing.TestPostgres;
import dev.darkroom.testing.WebhookReceiver;
import dev.darkroom.testing.WebhookReceiver.ResponseStep;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Checks {@code conf/monitoring} with the tools of Prometheus, the schema of Grafana, and a Prometheus that scrapes two processes under
 * load with faults: every query of a dashboard and every rule returns data, and an alert fires and resolves.
 */
@Tag("monitoring")
@Timeout(1_800)
class MonitoringIT {
    private static final Duration SCRAPE_INTERVAL = Duration.ofSeconds(5);
    private static final Duration LOAD = Duration.ofSeconds(Integer.getInteger("darkroom.monitoring.seconds", 300));
    private static final Duration LIMIT = Duration.ofMinutes(6);

    @TempDir
    Path directory;

    @AutoClose
    private final InProcessSimulator well = new InProcessSimulator(Duration.ofMillis(100));

    @AutoClose
    private final InProcessSimulator failing = new InProcessSimulator(Duration.ofMillis(100));

    @AutoClose
    private final WebhookReceiver receiver = new WebhookReceiver();

    private final DatabaseUrl database = TestPostgres.migratedDatabase();
    private final List<String> targets =
            Stream.generate(() -> "127.0.0.1:" + FreePort.find()).limit(2).toList();

    @Test
    void promtoolAcceptsConfigurationAndRules() throws Exception {
        MonitoringTools.promtool("check", "config", MonitoringRules.DIRECTORY + "/prometheus.yml");
        MonitoringTools.promtool(
                "check", "rules", MonitoringRules.RECORDING_RULES.toString(), MonitoringRules.ALERTS.toString());
    }

    @Test
    void everyAlertFiresAndResolves() throws Exception {
        MonitoringTools.promtool("test", "rules", "src/test/monitoring/alerts.yml");
    }

    @Test
    void grafanaSchemaAcceptsDashboards() throws Exception {
        MonitoringTools.checkSchema(Dashboards.files());
    }

    @Test
    void everyQueryReturnsDataAfterFaults() throws Exception {
        // given
        receiver.script("/failing", ResponseStep.withStatus(500));
        List<String> keys = TestApiKeys.create(database, MonitoredLoad.USERS);
        Path configuration = PrometheusConfiguration.write(directory, targets, SCRAPE_INTERVAL);
        Path settings = settingsFile();
        try (DarkroomFleet fleet = new DarkroomFleet(directory, 2, place -> environment(place, settings));
                PrometheusServer prometheus = PrometheusServer.start(directory, configuration);
                MonitoredLoad load = new MonitoredLoad(fleet, keys, receiver)) {
            Instant start = Instant.now();
            well.script(randomFaults(15).put("times", -1));
            failing.script(randomFaults(15).put("times", -1));
            pass(LOAD.dividedBy(5));

            // when an AI server fails, a process is killed, and a LISTEN connection is lost
            failing.script(new JsonObject().put("status", 503).put("times", -1));
            await().atMost(LIMIT).until(() -> firing(prometheus, "DarkroomBackendBreakerOpen"));
            Instant fired = Instant.now();
            failing.script(randomFaults(5).put("times", -1));
            await().atMost(LIMIT).until(() -> !firing(prometheus, "DarkroomBackendBreakerOpen"));
            Instant resolved = Instant.now();
            fleet.kill(1);
            fleet.launch(1);
            fleet.awaitReady(1);
            TestPostgres.execute(
                    database,
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'darkroom notify'"
                            + " AND datname = current_database()");
            await().atMost(LIMIT).untilAsserted(() -> assertTargetsAreScraped(prometheus));
            pass(LOAD.minus(Duration.between(start, Instant.now())));

            // then
            report(
                    "%s in %d s; DarkroomBackendBreakerOpen fired after %d s, was resolved after %d s%n",
                    load, seconds(start, Instant.now()), seconds(start, fired), seconds(start, resolved));
            assertRulesReturnData(prometheus);
            assertPanelsReturnData(prometheus, start);
        }
    }

    private static long seconds(Instant from, Instant to) {
        return Duration.between(from, to).toSeconds();
    }

    /** Lets time pass, which is part of the test: Prometheus computes rates of it. */
    private static void pass(Duration time) {
        if (time.compareTo(Duration.ZERO) > 0) {
            await().pollDelay(time).atMost(time.plusMinutes(1)).until(() -> true);
        }
    }

    private static void report(String format, Object... values) {
        System.out.printf("monitoring: " + format, values);
    }

    private static JsonObject randomFaults(int percent) {
        return new JsonObject()
                .put(
                        "random",
                        new JsonObject()
                                .put("failurePercent", percent)
                                .put("seed", 7)
                                .put("latency", new JsonArray().add("50ms").add("500ms")));
    }

    private static boolean firing(PrometheusServer prometheus, String alert) {
        return prometheus.firingAlerts().contains(alert);
    }

    private Path settingsFile() throws IOException {
        return Files.writeString(directory.resolve("monitored.yaml"), """
                backend:
                  prices: "*=0.01"
                  breaker:
                    maxOpenDuration: 10s
                backends:
                  gpu-1: {url: "%s"}
                  gpu-2: {url: "%s"}
                models:
                  flux: gpu-1=1, gpu-2=1
                accounting:
                  userBudgets: spender=0.5/-
                """.formatted(well.url(), failing.url()));
    }

    private Map<String, String> environment(int place, Path settings) {
        Map<String, String> environment = new HashMap<>(DarkroomInstanceSettings.defaults()
                .smallProcess()
                .database(database)
                .with("DARKROOM_CONF", settings.toString())
                .with("DARKROOM_AUTH", "required")
                .with("DARKROOM_BACKEND_API_KEY", "simulated")
                .with("DARKROOM_LIMITS_REQUESTS_PER_SECOND", "20")
                .webhooksOnLoopback()
                .with("DARKROOM_WEBHOOKS_RETRY_DELAYS", "2s, 5s, 1m")
                .environment());
        // The label server of metrics needs the port of the API to be known at the start.
        environment.put("DARKROOM_HTTP_PORT", String.valueOf(FreePort.find()));
        environment.put("DARKROOM_MANAGEMENT_PORT", targets.get(place).split(":")[1]);
        return environment;
    }

    private static void assertTargetsAreScraped(PrometheusServer prometheus) {
        assertThat(prometheus.targets())
                .hasSize(2)
                .allSatisfy(target -> assertThat(target.getString("health"))
                        .as(target.encode())
                        .isEqualTo("up"));
    }

    private static void assertRulesReturnData(PrometheusServer prometheus) {
        assertThat(prometheus.rules())
                .hasSize(MonitoringRules.recordingRules().size()
                        + MonitoringRules.alerts().size())
                .allSatisfy(rule ->
                        assertThat(rule.getString("health")).as(rule.encode()).isEqualTo("ok"));
        List<String> empty = new ArrayList<>();
        for (Rule rule : MonitoringRules.recordingRules()) {
            String labels =
                    rule.labels().isEmpty() ? "" : "{slo=\"" + rule.labels().get("slo") + "\"}";
            if (prometheus.query(rule.name() + labels).isEmpty()) {
                empty.add(rule.name() + labels);
            }
        }
        int selectors = 0;
        for (Rule alert : MonitoringRules.alerts()) {
            for (PromQl.Selector selector : PromQl.selectors(alert.expression())) {
                selectors++;
                if (prometheus
                        .query("last_over_time(" + selector.text() + "[1h])")
                        .isEmpty()) {
                    empty.add(alert.name() + ": " + selector.text());
                }
            }
        }
        report(
                "%d rules, %d selectors of alerts; alerts that fired: %s%n",
                prometheus.rules().size(),
                selectors,
                prometheus.query("count by (alertname) (last_over_time(ALERTS{alertstate=\"firing\"}[1h]))").stream()
                        .map(alert -> alert.getJsonObject("metric").getString("alertname"))
                        .sorted()
                        .toList());
        assertThat(empty).as("rules without data").isEmpty();
    }

    /** Evaluates the queries as Grafana does: over the time of the run, with all nodes and AI servers, and with one of each. */
    private void assertPanelsReturnData(PrometheusServer prometheus, Instant start) {
        Instant end = Instant.now();
        List<String> empty = new ArrayList<>();
        for (Path file : Dashboards.files()) {
            for (JsonObject variable : Dashboards.variables(file)) {
                LabelQuery query = Dashboards.labelQuery(variable);
                if (prometheus
                        .labelValues(query.label(), substitute(query.selector(), ".*", ".*"))
                        .isEmpty()) {
                    empty.add(file + ": variable " + variable.getString("name"));
                }
            }
        }
        List<PanelQuery> queries = Dashboards.queries();
        for (PanelQuery query : queries) {
            for (String expression : List.of(
                    substitute(query.expression(), ".*", ".*"),
                    substitute(query.expression(), targets.get(0), "gpu-2"))) {
                if (prometheus.queryRange(expression, start, end, SCRAPE_INTERVAL).stream()
                        .noneMatch(MonitoringIT::hasNumber)) {
                    empty.add(query.panel() + ": " + expression);
                }
            }
        }
        report(
                "%d queries of %d dashboards, each for all nodes and for one%n",
                queries.size(), Dashboards.files().size());
        assertThat(empty).as("panels without data").isEmpty();
    }

    private static boolean hasNumber(JsonObject series) {
        return series.getJsonArray("values").stream()
                .map(JsonArray.class::cast)
                .anyMatch(sample -> !sample.getString(1).equals("NaN"));
    }

    private static String substitute(String expression, String instance, String backend) {
        // Grafana: four scrape intervals at least.
        return expression
                .replace("$__rate_interval", SCRAPE_INTERVAL.multipliedBy(4).toSeconds() + "s")
                .replace("$job", "darkroom")
                .replace("$instance", instance)
                .replace("$backend", backend);
    }
}
