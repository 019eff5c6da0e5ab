package dev.darkroom.comparison;

import dev.darkroom.genuine.LiteLlmModel;
import dev.darkroom.genuine.LiteLlmProcess;
import dev.darkroom.testing.DarkroomInstance;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.InProcessDarkroom;
import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.TestPostgres;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The gateways in front of one simulator. Each run has a model of its own, since both gateways stop calls to a model for a while after
 * failures.
 */
final class Gateways implements AutoCloseable {
    private final InProcessSimulator simulator;
    private final LiteLlmProcess liteLlm;
    private final DarkroomInstance darkroom;

    private Gateways(InProcessSimulator simulator, LiteLlmProcess liteLlm, DarkroomInstance darkroom) {
        this.simulator = simulator;
        this.liteLlm = liteLlm;
        this.darkroom = darkroom;
    }

    /** Starts the gateways with default settings, except for their models and timeouts. Blocks. */
    static Gateways start(Path directory, InProcessSimulator simulator, List<Run> runs) throws Exception {
        DarkroomInstance darkroom = startDarkroom(directory, simulator, runs);
        return new Gateways(simulator, startLiteLlm(directory, simulator, runs), darkroom);
    }

    private static LiteLlmProcess startLiteLlm(Path directory, InProcessSimulator simulator, List<Run> runs)
            throws Exception {
        return LiteLlmProcess.start(
                directory,
                runs.stream()
                        .filter(run -> run.route() == Route.LITELLM)
                        .map(run -> new LiteLlmModel(
                                run.model(),
                                "simulator",
                                simulator.url(),
                                run.apiKey(),
                                run.fault().gatewayTimeout()))
                        .toList());
    }

    private static DarkroomInstance startDarkroom(Path directory, InProcessSimulator simulator, List<Run> runs)
            throws Exception {
        String workflow =
                Path.of("conf/examples/comfyui-workflow.json").toAbsolutePath().toString();
        DarkroomInstanceSettings settings =
                DarkroomInstanceSettings.defaults().database(TestPostgres.migratedDatabase());
        StringBuilder backends = new StringBuilder("backends:\n");
        StringBuilder models = new StringBuilder("models:\n");
        for (Run run : runs) {
            if (run.route().usesDarkroom()) {
                backends.append("  %s:\n".formatted(run.model()))
                        .append(run.route().backend("http://127.0.0.1:" + simulator.port(), workflow))
                        .append("    timeout: %ds\n"
                                .formatted(run.fault().gatewayTimeout().toSeconds()));
                models.append(
                        "  %1$s: %1$s%2$s\n".formatted(run.model(), run.route().upstreamModel()));
                settings.with("DARKROOM_BACKENDS_RUN_%d_API_KEY".formatted(run.number()), run.apiKey());
            }
        }
        Path conf = Files.writeString(directory.resolve("darkroom.yaml"), backends.append(models));
        return InProcessDarkroom.start(directory, settings.with("DARKROOM_CONF", conf.toString()));
    }

    DarkroomInstance darkroom() {
        return darkroom;
    }

    /** Returns the base URL for the client of a run. */
    URI api(Run run) {
        return switch (run.route()) {
            case DIRECT -> simulator.url();
            case LITELLM -> liteLlm.url();
            default -> darkroom.api().resolve("/v1");
        };
    }

    /** Returns the API key for the client of a run. */
    String apiKey(Run run) {
        return switch (run.route()) {
            case DIRECT -> run.apiKey();
            case LITELLM -> LiteLlmProcess.KEY;
            // For clients that always send a key.
            default -> "local";
        };
    }

    @Override
    public void close() {
        liteLlm.close();
        darkroom.close();
    }
}
