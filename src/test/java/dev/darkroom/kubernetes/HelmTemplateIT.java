package dev.darkroom.kubernetes;

import static dev.darkroom.kubernetes.RenderedChart.container;
import static dev.darkroom.kubernetes.RenderedChart.elements;
import static dev.darkroom.kubernetes.RenderedChart.name;
import static dev.darkroom.kubernetes.RenderedChart.named;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.darkroom.config.ImageStoreType;
import dev.darkroom.config.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Renders the chart with Helm and checks the objects. */
@Tag("helm")
@Timeout(600)
class HelmTemplateIT {
    private static final String EVERYTHING = "everything";

    /** Secrets in the files of values. */
    private static final List<String> SECRETS = List.of("secret-of-the-database", "secret-of-openai");

    private static final String KUBERNETES_VERSION = HelmTools.KUBERNETES_VERSIONS.get(0);

    /** A block of the page with values. Blocks in a list are indented. */
    private static final Pattern DOCUMENTED_VALUES =
            Pattern.compile("```yaml\\n( *# my-values\\.yaml\\n.*?) *```", Pattern.DOTALL);

    @TempDir
    Path directory;

    static Stream<String> values() throws IOException {
        return HelmTools.valuesFiles();
    }

    private static RenderedChart chart(String values) throws Exception {
        return HelmTools.template(values, KUBERNETES_VERSION);
    }

    @Test
    void lintFindsNothing() throws Exception {
        assertThat(HelmTools.helm("lint", "--strict")).contains("0 chart(s) failed");
    }

    @ParameterizedTest
    @MethodSource("values")
    void objectsAreValidInEveryVersion(String values) throws Exception {
        for (String version : HelmTools.KUBERNETES_VERSIONS) {
            RenderedChart chart = HelmTools.template(values, version);

            HelmTools.helm(
                    "lint",
                    "--strict",
                    "--values",
                    HelmTools.VALUES.resolve(values + ".yaml").toString());
            List<String> unknown = HelmTools.validate(chart, version)
                    .lines()
                    .filter(line -> !line.contains(" passed for resource "))
                    .toList();
            assertThat(unknown)
                    .allMatch(line -> line.matches(".* (?:Cluster|ScaledObject|ServiceMonitor|PrometheusRule) .*"));
        }
    }

    @Test
    void objectsOfOperatorsHaveKnownFieldsOnly() throws Exception {
        RenderedChart chart = chart(EVERYTHING);

        assertThat(HelmTools.decodeCustomResources(chart))
                .containsExactlyInAnyOrder(
                        "Cluster not checked", "PrometheusRule", "PrometheusRule", "ScaledObject", "ServiceMonitor");
        assertThatThrownBy(() -> HelmTools.decodeCustomResources(
                        RenderedChart.parse(chart.text().replace("maxReplicaCount:", "maxReplicas:"))))
                .hasMessageContaining("maxReplicas");
    }

    @ParameterizedTest
    @MethodSource("values")
    void podsLoadValidSettings(String values) throws Exception {
        RenderedChart chart = chart(values);

        for (JsonNode pod : chart.pods()) {
            Settings settings = PodSettings.load(chart, pod, directory);

            assertThat(settings.database().url().password().value()).isEqualTo("secret-of-the-database");
            assertThat(settings.http().port()).isEqualTo(containerPort(pod, "http"));
            assertThat(settings.management().port()).isEqualTo(containerPort(pod, "management"));
            assertThat(settings.management().host()).isEqualTo("0.0.0.0");
            if (settings.imageStore() == ImageStoreType.LOCAL) {
                assertThat(settings.imageDir()).startsWithRaw(directory.resolve("var/lib/darkroom"));
            }
        }
    }

    private static int containerPort(JsonNode pod, String port) {
        return named(container(pod).path("ports"), port).path("containerPort").asInt();
    }

    @ParameterizedTest
    @MethodSource("values")
    void probesUsePathsOfTheContract(String values) throws Exception {
        Set<String> paths = HelmChart.contractPaths();
        for (JsonNode pod : chart(values).pods()) {
            JsonNode container = container(pod);
            for (String probe : List.of("startupProbe", "readinessProbe", "livenessProbe")) {
                JsonNode request = container.path(probe).path("httpGet");
                assertThat(request.path("path").asText()).isIn(paths);
                assertThat(request.path("port").asText()).isEqualTo("management");
            }
            assertThat(container.at("/readinessProbe/httpGet/path").asText()).isEqualTo("/health/ready");
            assertThat(container.at("/livenessProbe/httpGet/path").asText()).isEqualTo("/health/live");
        }
    }

    @ParameterizedTest
    @MethodSource("values")
    void podsAreRestricted(String values) throws Exception {
        for (JsonNode pod : chart(values).pods()) {
            JsonNode spec = pod.path("spec");
            assertThat(spec.path("automountServiceAccountToken").asBoolean(true))
                    .isFalse();
            assertThat(spec.path("enableServiceLinks").asBoolean(true)).isFalse();
            assertThat(spec.at("/securityContext/runAsNonRoot").asBoolean()).isTrue();
            assertThat(spec.at("/securityContext/runAsUser").asInt()).isEqualTo(10001);
            assertThat(spec.at("/securityContext/seccompProfile/type").asText()).isEqualTo("RuntimeDefault");
            JsonNode security = container(pod).path("securityContext");
            assertThat(security.path("readOnlyRootFilesystem").asBoolean()).isTrue();
            assertThat(security.path("allowPrivilegeEscalation").asBoolean(true))
                    .isFalse();
            assertThat(elements(security.at("/capabilities/drop")).map(JsonNode::asText))
                    .containsExactly("ALL");
            assertThat(container(pod).at("/resources/limits/memory").asText()).isNotEmpty();
        }
    }

    @ParameterizedTest
    @MethodSource("values")
    void secretsAreInSecretsOnly(String values) throws Exception {
        for (JsonNode object : chart(values).objects()) {
            if (!object.path("kind").asText().equals("Secret")) {
                assertThat(SECRETS).noneMatch(object.toString()::contains);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("values")
    void podsHaveTimeToDrain(String values) throws Exception {
        RenderedChart chart = chart(values);
        for (JsonNode pod : chart.pods()) {
            long grace = PodSettings.load(chart, pod, directory)
                    .shutdown()
                    .gracePeriod()
                    .toSeconds();
            long preStop = container(pod).at("/lifecycle/preStop/sleep/seconds").asLong();
            // Streams and requests in flight, AI calls, webhook deliveries, cluster, database.
            long stop = 15 + 15 + grace + grace + 5 + 5;
            assertThat(preStop).isPositive();
            assertThat(pod.at("/spec/terminationGracePeriodSeconds").asLong()).isGreaterThan(preStop + stop);
        }
    }

    @ParameterizedTest
    @MethodSource("values")
    void selectorsFindPodsAndPortsExist(String values) throws Exception {
        RenderedChart chart = chart(values);
        List<JsonNode> selectors = new ArrayList<>();
        chart.ofKind("Deployment").forEach(object -> selectors.add(object.at("/spec/selector/matchLabels")));
        chart.ofKind("PodDisruptionBudget").forEach(object -> selectors.add(object.at("/spec/selector/matchLabels")));
        chart.ofKind("NetworkPolicy").forEach(object -> selectors.add(object.at("/spec/podSelector/matchLabels")));
        chart.ofKind("Service").forEach(object -> selectors.add(object.at("/spec/selector")));

        for (JsonNode selector : selectors) {
            assertThat(chart.pods()).as("%s", selector).anyMatch(pod -> RenderedChart.selects(selector, pod));
        }
        chart.ofKind("Service")
                .forEach(service -> chart.pods().stream()
                        .filter(pod -> RenderedChart.selects(service.at("/spec/selector"), pod))
                        .forEach(pod -> elements(service.at("/spec/ports"))
                                .forEach(port -> containerPort(
                                        pod, port.path("targetPort").asText()))));
        chart.ofKind("ServiceMonitor")
                .forEach(monitor -> assertThat(chart.ofKind("Service"))
                        .filteredOn(service -> RenderedChart.selects(monitor.at("/spec/selector/matchLabels"), service))
                        .singleElement()
                        .satisfies(service -> named(
                                service.at("/spec/ports"),
                                monitor.at("/spec/endpoints/0/port").asText())));
    }

    @Test
    void clusterIsFoundByHeadlessService() throws Exception {
        RenderedChart chart = chart(EVERYTHING);

        for (JsonNode pod : chart.pods()) {
            Settings.Cluster cluster = PodSettings.load(chart, pod, directory).cluster();
            assertThat(cluster.host()).isEqualTo(PodSettings.POD_IP);
            assertThat(cluster.kubernetesService()).isEqualTo("images-nodes.production.svc");
            JsonNode service = chart.ofKind("Service")
                    .filter(each -> name(each).equals("images-nodes"))
                    .findFirst()
                    .orElseThrow();
            assertThat(service.at("/spec/clusterIP").asText()).isEqualTo("None");
            assertThat(service.at("/spec/publishNotReadyAddresses").asBoolean()).isTrue();
            assertThat(RenderedChart.selects(service.at("/spec/selector"), pod)).isTrue();
            assertThat(named(service.at("/spec/ports"), "cluster").path("port").asInt())
                    .isEqualTo(cluster.port());
        }
    }

    @Test
    void monitoringObjectsHaveFilesOfRepository() throws Exception {
        RenderedChart chart = chart(EVERYTHING);

        for (String file : List.of("rules", "alerts")) {
            JsonNode rule = chart.ofKind("PrometheusRule")
                    .filter(each -> name(each).equals("images-" + file))
                    .findFirst()
                    .orElseThrow();
            assertThat(rule.path("spec"))
                    .isEqualTo(new YAMLMapper()
                            .readTree(Files.readString(Path.of("conf/monitoring/darkroom-" + file + ".yml"))));
            assertThat(rule.at("/metadata/labels/release").asText()).isEqualTo("prometheus");
        }
        JsonNode dashboards = chart.ofKind("ConfigMap")
                .filter(map -> name(map).equals("images-dashboards"))
                .findFirst()
                .orElseThrow();
        try (Stream<Path> files = Files.list(Path.of("conf/monitoring/grafana"))) {
            assertThat(dashboards.path("data").fieldNames())
                    .toIterable()
                    .containsExactlyInAnyOrderElementsOf(
                            files.map(file -> file.getFileName().toString())
                                    .filter(file -> file.endsWith(".json"))
                                    .toList());
        }
    }

    @Test
    void jobOfMetricsIsThatOfAlerts() throws Exception {
        RenderedChart chart = chart(EVERYTHING);

        String label = chart.only("ServiceMonitor").at("/spec/jobLabel").asText();
        assertThat(chart.ofKind("Service"))
                .allMatch(service ->
                        service.at("/metadata/labels").path(label).asText().equals("darkroom"));
        assertThat(chart.text()).contains("up{job=\"darkroom\"}");
    }

    @Test
    void documentedValuesAreValid() throws Exception {
        List<String> examples = DOCUMENTED_VALUES
                .matcher(Files.readString(Path.of("docs/kubernetes.md")))
                .results()
                .map(example -> example.group(1).stripIndent())
                .toList();

        assertThat(examples).hasSizeGreaterThan(5);
        for (int i = 0; i < examples.size(); i++) {
            Path file = Files.writeString(directory.resolve("values-" + i + ".yaml"), examples.get(i));
            RenderedChart chart = HelmTools.template("minimal", KUBERNETES_VERSION, "--values", file.toString());
            chart.pods().forEach(pod -> PodSettings.load(chart, pod, directory));
        }
    }

    @Test
    void eachRoleHasDeployment() throws Exception {
        RenderedChart chart = chart("split");

        assertThat(chart.ofKind("Deployment").map(RenderedChart::name))
                .containsExactlyInAnyOrder("release-api", "release-worker", "release-notifier");
        assertThat(chart.pods()).hasSize(3).allSatisfy(pod -> {
            String component = pod.at("/metadata/labels")
                    .path("app.kubernetes.io/component")
                    .asText();
            assertThat(named(container(pod).path("env"), "DARKROOM_NODE_ROLES")
                            .path("value")
                            .asText())
                    .isEqualTo(component);
            assertThat(pod.at("/spec/volumes").toString()).contains("shared-images");
        });
        JsonNode api = chart.ofKind("Service")
                .filter(service -> name(service).equals("release"))
                .findFirst()
                .orElseThrow();
        assertThat(api.at("/spec/selector").path("app.kubernetes.io/component").asText())
                .isEqualTo("api");
    }

    @ParameterizedTest
    @CsvSource({"scaled, HorizontalPodAutoscaler, release", "everything, ScaledObject, images-worker"})
    void autoscalingSetsTheReplicasOfWorkers(String values, String kind, String deployment) throws Exception {
        RenderedChart chart = chart(values);

        assertThat(chart.only(kind).at("/spec/scaleTargetRef/name").asText()).isEqualTo(deployment);
        assertThat(chart.ofKind("Deployment"))
                .allMatch(
                        each -> each.path("spec").has("replicas") != name(each).equals(deployment));
    }

    @Test
    void volumeForOnePodIsNotShared() throws Exception {
        RenderedChart chart = chart("volume");

        JsonNode deployment = chart.only("Deployment");
        assertThat(deployment.at("/spec/replicas").asInt()).isEqualTo(1);
        assertThat(deployment.at("/spec/strategy/type").asText()).isEqualTo("Recreate");
        assertThat(chart.has("PersistentVolumeClaim", "release-images")).isTrue();
        assertThat(chart.only("Deployment").toString()).contains("\"claimName\":\"release-images\"");
        assertThat(PodSettings.settingsMap(chart).path("data").has("workflow.json"))
                .isTrue();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "database.existingSecret= | no database",
                "database.url=postgresql://db/darkroom | several databases",
                "settings.s3.bucket= | no image store",
                "settings.imageStore=local | permit one pod",
                "ingress.enabled=true | ingress.enabled needs ingress.host",
                "settings.database.url=postgresql://db/darkroom | settings.database.url would be in a ConfigMap",
                "settings.backend.apiKey=x | settings.backend.apiKey would be in a ConfigMap",
                "settings.backends.a.apiKey=x | settings.backends.a.apiKey would be in a ConfigMap",
                "settings.s3.secretAccessKey=x | settings.s3.secretAccessKey would be in a ConfigMap",
                "settings.tracing.headers=a=b | settings.tracing.headers would be in a ConfigMap",
                "settings.dataDir=/data | settings.dataDir is set by the chart",
                "settings.http.host=127.0.0.1 | settings.http.host is set by the chart",
                "settings.cluster.host=a | settings.cluster.host is set by the chart",
                "settings.http.tls.certFile=a | settings.http.tls is set by the chart",
                "settings.shutdown.gracePeriod=soon | does not match pattern",
                "replica=3 | additional properties 'replica' not allowed",
                "autoscaling.type=cpu | value must be one of"
            })
    void rejectsValues(String change, String message) {
        assertThatThrownBy(() -> HelmTools.helm(
                        "template",
                        "--kube-version",
                        KUBERNETES_VERSION,
                        "--values",
                        HelmTools.VALUES.resolve("minimal.yaml").toString(),
                        "--set",
                        change))
                .hasMessageContaining(message);
    }
}
