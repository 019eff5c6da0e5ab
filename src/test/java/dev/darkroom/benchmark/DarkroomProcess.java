package dev.darkroom.benchmark;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Starts the packaged jar without limits on requests, which all belong to one user. */
final class DarkroomProcess {
    /** JVM flags of the service and of the bare handlers. */
    static final List<String> FLAGS = List.of("-Xms512m", "-Xmx512m");

    /** Regular expression of the port in the output of a process. */
    static final String PORT = "  API +http://[^:]+:(\\d+)/";

    private DarkroomProcess() {}

    /**
     * Starts a process and waits until it is ready. Blocks.
     *
     * @param directory of the process, created when it is missing
     * @param settings environment variables in addition to those of all processes
     */
    static JavaProcess start(
            Path directory, ApiBenchmarkDatabase database, StubAiServer aiServer, Map<String, String> settings)
            throws IOException, InterruptedException {
        Map<String, String> environment = new HashMap<>(settings(database, aiServer));
        environment.putAll(settings);
        return JavaProcess.start(directory, FLAGS, List.of("-jar", jar()), environment, "Try it");
    }

    static String jar() {
        return Path.of("target", "darkroom.jar").toAbsolutePath().toString();
    }

    static Map<String, String> settings(ApiBenchmarkDatabase database, StubAiServer aiServer) {
        return Map.of(
                "DARKROOM_DATABASE_URL", database.urlSetting(),
                "DARKROOM_BACKEND_URL", aiServer.url(),
                "DARKROOM_HTTP_PORT", "0",
                "DARKROOM_MANAGEMENT_PORT", "0",
                "DARKROOM_LIMITS_REQUESTS_PER_SECOND", "0",
                "DARKROOM_GENERATION_MAX_PENDING_PER_USER", "0");
    }

    static int portOf(JavaProcess service) {
        return Integer.parseInt(service.outputValue(PORT));
    }
}
