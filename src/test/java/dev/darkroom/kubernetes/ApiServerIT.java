package dev.darkroom.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Sends the objects of the chart to the API server that {@code kubectl} uses, which validates them and stores nothing. The namespace enforces
 * the Pod Security Standard "restricted".
 */
@Tag("kubernetes")
@Timeout(600)
class ApiServerIT {
    private static final String NAMESPACE = "darkroom-chart-test";

    static Stream<String> values() throws IOException {
        return HelmTools.valuesFiles();
    }

    @BeforeAll
    static void createNamespace() throws Exception {
        HelmTools.kubectl("create", "namespace", NAMESPACE);
        HelmTools.kubectl(
                "label",
                "namespace",
                NAMESPACE,
                "pod-security.kubernetes.io/enforce=restricted",
                "pod-security.kubernetes.io/warn=restricted");
    }

    @AfterAll
    static void deleteNamespace() throws Exception {
        HelmTools.kubectl("delete", "namespace", NAMESPACE, "--wait=false");
    }

    private static String apply(String objects) throws IOException, InterruptedException {
        return HelmTools.kubectl(
                "apply",
                "--namespace",
                NAMESPACE,
                "--server-side",
                "--dry-run=server",
                "--validate=strict",
                "--warnings-as-errors",
                "--filename",
                HelmTools.write(objects).toString());
    }

    private static String objects(String values) throws IOException, InterruptedException {
        return HelmTools.template(values, HelmTools.KUBERNETES_VERSIONS.get(1), "--namespace", NAMESPACE)
                .text();
    }

    @ParameterizedTest
    @MethodSource("values")
    void acceptsObjects(String values) throws Exception {
        assertThat(apply(objects(values)).lines()).isNotEmpty().allMatch(line -> line.contains("(server dry run)"));
    }

    @Test
    void warnsOfPodsWithMoreRights() throws Exception {
        String objects =
                objects("minimal").replace("allowPrivilegeEscalation: false", "allowPrivilegeEscalation: true");

        assertThatThrownBy(() -> apply(objects)).hasMessageContaining("violate PodSecurity");
    }
}
