package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.DarkroomExtension;
import dev.darkroom.testing.LaterVersionProxy;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Runs the programs of {@code src/examples/clients} with the clients that the profile "clients" generates from {@code
 * openapi.yaml}. Requests go through a {@link LaterVersionProxy}, which adds fields that the contract does not
 * describe. Every client must ignore them.
 */
@Tag("clients")
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class GeneratedClientsIT {
    private static final Path EXAMPLES = Path.of("src/examples/clients").toAbsolutePath();
    private static final Path CLIENTS = Path.of("target/clients").toAbsolutePath();
    private static final String PRINTED = """
            created PENDING
            got PENDING
            got FAILED CANCELLED AMBIGUOUS
            repeated true
            got COMPLETE images 1 attempts 1 project harbour
            listed generations 2
            rejected 400 #/model
            listed notifications 2
            webhook secret true enabled true description The shop
            """;

    @RegisterExtension
    static final DarkroomExtension service = DarkroomExtension.shared();

    @Test
    void javaClientRunsTheExample() throws Exception {
        Path classes = Files.createDirectories(CLIENTS.resolve("java-classes"));
        List<String> compile =
                new ArrayList<>(List.of(jdkTool("javac"), "-nowarn", "-proc:none", "-d", classes.toString()));
        compile.addAll(List.of("-cp", System.getProperty("java.class.path")));
        try (Stream<Path> files = Files.walk(CLIENTS.resolve("java/src/main/java"))) {
            files.filter(file -> file.toString().endsWith(".java"))
                    .map(Path::toString)
                    .forEach(compile::add);
        }
        compile.add(EXAMPLES.resolve("java/ClientExample.java").toString());
        run(CLIENTS, Map.of(), compile);

        assertPrints(
                CLIENTS,
                Map.of(),
                List.of(
                        jdkTool("java"),
                        "-cp",
                        classes + File.pathSeparator + System.getProperty("java.class.path"),
                        "ClientExample"));
    }

    @Test
    void pythonClientRunsTheExample() throws Exception {
        Path environment = CLIENTS.resolve("python-environment");
        String python = environment.resolve("bin/python").toString();
        Path requirements = EXAMPLES.resolve("python/requirements.txt");
        run(CLIENTS, Map.of(), List.of("python3", "-m", "venv", environment.toString()));
        run(CLIENTS, Map.of(), List.of(python, "-m", "pip", "install", "--requirement", requirements.toString()));

        // Imports every model and every API, including those that the example does not use.
        Map<String, String> path =
                Map.of("PYTHONPATH", CLIENTS.resolve("python").toString());
        run(CLIENTS, path, List.of(python, "-W", "error", "-c", "from darkroom_client import *"));
        assertPrints(
                CLIENTS,
                path,
                List.of(python, EXAMPLES.resolve("python/client_example.py").toString()));
    }

    @Test
    void goClientRunsTheExample() throws Exception {
        run(CLIENTS.resolve("go"), Map.of(), List.of("go", "vet", "./..."));
        assertPrints(EXAMPLES.resolve("go"), Map.of(), List.of("go", "run", "."));
    }

    @Test
    void typescriptClientRunsTheExample() throws Exception {
        Path directory = EXAMPLES.resolve("typescript");
        run(directory, Map.of(), List.of("npm", "run", "generate"));
        run(directory, Map.of(), List.of("npm", "run", "build"));
        assertPrints(directory, Map.of(), List.of("npm", "run", "--silent", "start"));
    }

    private static void assertPrints(Path directory, Map<String, String> environment, List<String> command)
            throws Exception {
        DarkroomExtension.User user = service.newUser();
        try (LaterVersionProxy proxy = new LaterVersionProxy(service.darkroom().api(), service.aiServer())) {
            Map<String, String> variables = new java.util.HashMap<>(environment);
            variables.putAll(
                    Map.of("API", proxy.api().toString(), "KEY", user.key(), "HOOK", "http://127.0.0.1:9/hook"));
            assertThat(run(directory, variables, command)).isEqualTo(PRINTED);
            assertThat(proxy.extendedCount())
                    .as("responses with fields that are not described")
                    .isGreaterThan(10);
        }
    }

    private static String jdkTool(String name) {
        return Path.of(System.getProperty("java.home"), "bin", name).toString();
    }

    /** Runs a command to its end and returns what it printed to its standard output. */
    private static String run(Path directory, Map<String, String> environment, List<String> command) throws Exception {
        Path output = Files.createTempFile("clients", ".out");
        Path errors = Files.createTempFile("clients", ".err");
        try {
            ProcessBuilder builder = new ProcessBuilder(command)
                    .directory(directory.toFile())
                    .redirectOutput(output.toFile())
                    .redirectError(errors.toFile());
            builder.environment().putAll(environment);
            Process process = start(builder);
            try {
                assertThat(process.waitFor(10, TimeUnit.MINUTES))
                        .as("%s ended", command)
                        .isTrue();
            } finally {
                process.destroyForcibly();
            }
            String printed = Files.readString(output, StandardCharsets.UTF_8);
            assertThat(process.exitValue())
                    .as("%s: %s%s", command, printed, Files.readString(errors, StandardCharsets.UTF_8))
                    .isZero();
            return printed;
        } finally {
            Files.delete(output);
            Files.delete(errors);
        }
    }

    private static Process start(ProcessBuilder builder) {
        try {
            return builder.start();
        } catch (IOException e) {
            throw new AssertionError(
                    "the profile \"clients\" needs " + builder.command().get(0), e);
        }
    }
}
