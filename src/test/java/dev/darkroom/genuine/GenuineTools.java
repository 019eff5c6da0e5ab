package dev.darkroom.genuine;

import dev.darkroom.testing.ExternalTool;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** Installs programs of {@code src/test/genuine} and runs them. The methods block. */
public final class GenuineTools {
    /** Tools with installed packages of npm. */
    private static final Set<String> INSTALLED = new HashSet<>();

    private GenuineTools() {}

    /** Returns the directory with the sources of a tool. */
    public static Path sources(String tool) {
        return tool(tool).sources();
    }

    /** Returns the directory for files of a tool. */
    public static Path target(String tool) throws IOException {
        return tool(tool).target();
    }

    /** Installs {@code requirements.txt} of a tool from PyPI unless it is installed, and returns the directory of its programs. */
    public static Path installPython(String tool) throws IOException, InterruptedException {
        return tool(tool).installPython();
    }

    /** As {@link #installPython}, for a list that leaves out large packages on which others depend. */
    public static Path installPythonWithoutDependencies(String tool) throws IOException, InterruptedException {
        return tool(tool).installPython("--no-deps");
    }

    /** Installs {@code package-lock.json} of a tool from npm, once per JVM. */
    public static synchronized void installNode(String tool) throws IOException, InterruptedException {
        if (INSTALLED.add(tool)) {
            run(tool, Map.of(), "npm", "ci", "--no-audit", "--no-fund");
        }
    }

    /** Runs a program in the directory with the sources of a tool, and returns its standard output. Fails when the program fails. */
    public static String run(String tool, Map<String, String> environment, String... command)
            throws IOException, InterruptedException {
        return tool(tool).run(environment, command);
    }

    private static ExternalTool tool(String name) {
        return new ExternalTool("genuine", name);
    }
}
