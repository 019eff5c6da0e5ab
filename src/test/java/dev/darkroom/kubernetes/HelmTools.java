package dev.darkroom.kubernetes;

import dev.darkroom.testing.ExternalTool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The programs of the profile {@code helm}: Helm, kubernetes-validate, and a check of the objects of operators. The methods block. */
final class HelmTools {
    /** The oldest version that the chart permits, and the newest that kubernetes-validate knows. */
    static final List<String> KUBERNETES_VERSIONS = List.of("1.30", "1.37");

    static final Path VALUES = Path.of("src/test/helm/values").toAbsolutePath();

    private static final ExternalTool VALIDATOR = new ExternalTool("helm", "kubernetes-validate");
    private static final ExternalTool RESOURCES = new ExternalTool("helm", "custom-resources");

    private HelmTools() {}

    /** Returns the names of the files of {@link #VALUES}, without their extension. */
    static Stream<String> valuesFiles() throws IOException {
        try (Stream<Path> files = Files.list(VALUES)) {
            return files.map(file -> file.getFileName().toString().replace(".yaml", "")).sorted().toList().stream();
        }
    }

    /** Runs {@code kubectl} with its current context, and returns its output. Fails when it does. */
    static String kubectl(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("kubectl"));
        command.addAll(List.of(arguments));
        return VALIDATOR.run(Map.of(), command.toArray(String[]::new));
    }

    /** Runs Helm on the chart, and returns its output. Fails when Helm does. */
    static String helm(String command, String... options) throws IOException, InterruptedException {
        List<String> arguments = new ArrayList<>(List.of(System.getProperty("helm", "helm"), command));
        if (command.equals("template")) {
            arguments.add("release");
        }
        arguments.add(HelmChart.DIRECTORY.toAbsolutePath().toString());
        arguments.addAll(List.of(options));
        return VALIDATOR.run(Map.of(), arguments.toArray(String[]::new));
    }

    /**
     * Returns the objects of the chart with a file of {@link #VALUES}.
     *
     * @param options further ones of Helm
     */
    static RenderedChart template(String values, String kubernetesVersion, String... options)
            throws IOException, InterruptedException {
        List<String> all = new ArrayList<>(List.of("--namespace", "production", "--kube-version", kubernetesVersion));
        all.addAll(List.of("--values", VALUES.resolve(values + ".yaml").toString()));
        all.addAll(List.of(options));
        return RenderedChart.parse(helm("template", all.toArray(String[]::new)));
    }

    /** Validates objects against the schemas of a version of Kubernetes, and returns the output. Fails for an invalid object. */
    static String validate(RenderedChart chart, String kubernetesVersion) throws IOException, InterruptedException {
        Path program = VALIDATOR.installPython().resolve("kubernetes-validate");
        return VALIDATOR.run(
                Map.of(),
                program.toString(),
                "--strict",
                "-k",
                kubernetesVersion,
                write(chart.text()).toString());
    }

    /** Decodes the objects of operators, and returns their kinds. Fails for an unknown field or object. */
    static List<String> decodeCustomResources(RenderedChart chart) throws IOException, InterruptedException {
        Path program = RESOURCES.target().resolve("custom-resources");
        if (!Files.exists(program)) {
            RESOURCES.run(Map.of(), "go", "build", "-o", program.toString(), ".");
        }
        return RESOURCES
                .run(Map.of(), program.toString(), write(chart.text()).toString())
                .lines()
                .toList();
    }

    /** Writes objects into a new file. */
    static Path write(String objects) throws IOException {
        return Files.writeString(Files.createTempFile(VALIDATOR.target(), "chart", ".yaml"), objects);
    }
}
