package dev.darkroom.comparison;

import dev.darkroom.genuine.GenuineTools;
import java.net.URI;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A client of OpenAI with its default settings. */
enum OpenAiSdk {
    NPM("npm") {
        @Override
        List<String> command() {
            return List.of("npm", "run", "--silent", "call");
        }
    },
    PYPI("PyPI") {
        @Override
        List<String> command() throws Exception {
            return List.of(GenuineTools.installPython(TOOL).resolve("python").toString(), "call.py");
        }
    };

    private static final String TOOL = "openai";

    private final String registry;

    OpenAiSdk(String registry) {
        this.registry = registry;
    }

    /** Returns the name of the package registry. */
    String registry() {
        return registry;
    }

    abstract List<String> command() throws Exception;

    /** Installs all clients. Blocks. */
    static void install() throws Exception {
        GenuineTools.installNode(TOOL);
        GenuineTools.installPython(TOOL);
    }

    /**
     * Calls {@code images.generate()} once and returns the result: {@code picture}, {@code nothing}, {@code error} with a status, or
     * the name of an error class. Blocks.
     *
     * @param timeout time limit of a request; null for the default, ten minutes
     */
    String call(URI api, String key, String model, String prompt, Duration timeout) throws Exception {
        Map<String, String> environment =
                new HashMap<>(Map.of("API", api.toString(), "KEY", key, "MODEL", model, "PROMPT", prompt));
        if (timeout != null) {
            environment.put("TIMEOUT", Long.toString(timeout.toSeconds()));
        }
        return GenuineTools.run(TOOL, environment, command().toArray(String[]::new))
                .strip();
    }
}
