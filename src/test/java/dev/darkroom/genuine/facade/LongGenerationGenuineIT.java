package dev.darkroom.genuine.facade;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.InProcessSimulator;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Generations of three minutes through nginx, which answers 504 after 60 s without a byte. Each client of OpenAI calls in three ways at once:
 * a stream with comments as keep-alive, JSON with white space as keep-alive, and JSON without keep-alive, where the client retries.
 */
@Tag("genuine")
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class LongGenerationGenuineIT {
    private static final Duration WORK = Duration.ofMinutes(3);
    /** Each call and each retry lasts 60 s. The default of the clients, two retries, would end with the work. */
    private static final int RETRIES = 4;

    @TempDir
    Path directory;

    private final ExecutorService executor = Executors.newCachedThreadPool();
    private final InProcessSimulator simulator = new InProcessSimulator(WORK);
    private FacadeServer silentServer;
    private FacadeServer whiteSpaceServer;
    private NginxProcess silentProxy;
    private NginxProcess whiteSpaceProxy;

    @BeforeEach
    void start() throws Exception {
        silentServer = FacadeServer.start(directory, simulator, LongGenerationGenuineIT::allowParallelWork);
        whiteSpaceServer = FacadeServer.start(directory, simulator, settings -> {
            allowParallelWork(settings);
            settings.with("DARKROOM_OPENAI_JSON_KEEP_ALIVE", "15s");
        });
        silentProxy = startNginx(silentServer);
        whiteSpaceProxy = startNginx(whiteSpaceServer);
    }

    private static void allowParallelWork(DarkroomInstanceSettings settings) {
        settings.with("DARKROOM_WORKER_CONCURRENCY", "16");
    }

    private NginxProcess startNginx(FacadeServer server) throws Exception {
        return NginxProcess.start(
                Files.createTempDirectory(directory, "nginx"), server.darkroom().api());
    }

    @AfterEach
    void stop() {
        executor.shutdownNow();
        silentProxy.close();
        whiteSpaceProxy.close();
        silentServer.close();
        whiteSpaceServer.close();
        simulator.close();
    }

    @Test
    void eachCallReceivesItsImageAndSubmitsOnce() throws Exception {
        // given
        Map<ClientStep, OpenAiClient> calls = new LinkedHashMap<>();
        for (OpenAiClient client : OpenAiClient.values()) {
            client.command();
            calls.put(silentServer.step("stream-" + client, "stream").withApi(silentProxy.api()), client);
            calls.put(
                    silentServer
                            .step("retries-" + client, "generate")
                            .withApi(silentProxy.api())
                            .withRetries(RETRIES),
                    client);
            calls.put(whiteSpaceServer.step("whitespace-" + client, "generate").withApi(whiteSpaceProxy.api()), client);
        }

        // when
        Map<ClientStep, Future<List<String>>> printed = new LinkedHashMap<>();
        calls.forEach((step, client) -> printed.put(step, executor.submit(() -> client.run(List.of(step)))));

        // then
        for (ClientStep step : calls.keySet()) {
            assertThat(printed.get(step).get()).containsExactly(step.name() + " PNG");
        }
        assertThat(simulator.recordedRequests())
                .hasSize(calls.size())
                .extracting(submission -> submission.getJsonObject("body").getString("prompt"))
                .doesNotHaveDuplicates();
    }
}
