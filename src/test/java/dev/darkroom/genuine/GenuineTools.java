package dev.darkroom.genuine;

import dev.darkroom.testing.ExternalTool;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/** Installs programs of {@code src/test/genuine} and runs them. The methods block. */
final class GenuineTools {
    private GenuineTools() {}

    /** Returns the directory with the sources of a tool. */
    static Path sources(String tool) {
        return tool(tool).sources();
    }

    /** Returns the directory for files of a tool. */
    static Path target(String tool) throws IOException {
        return tool(tool).target();
    }

    /** Installs {@code requirements.txt} of a tool from PyPI unless it is installed, and returns the directory of its programs. */
    static Path installPython(String tool) throws IOException, InterruptedException {
        return tool(tool).installPython();
    }

    /** Runs a program in the directory with the sources of a tool, and returns its standard output. Fails when the program fails. */
    static String run(String tool, Map<String, String> environment, String... command)
            throws IOException, InterruptedException {
        return tool(tool).run(environment, command);
    }

    private static ExternalTool tool(String name) {
        return new ExternalTool("genuine", name);
    }
}
