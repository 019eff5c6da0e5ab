package dev.darkroom.benchmark;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;

/**
 * Three processes of the service on one database: with metrics, without, and once more without. Any two JVMs
 * differ as much as the last two. Blocks.
 */
final class MeteredServices implements AutoCloseable {
    private static final int ROUNDS = 5;
    private static final Duration IN_TURN = Duration.ofMillis(1_500);
    private static final Duration ALONE = Duration.ofMillis(750);

    /** In the order of the names. */
    private final List<JavaProcess> processes = new ArrayList<>();

    private MeteredServices() {}

    /** @param index of these processes; determines which one starts first */
    static MeteredServices start(Path directory, ApiBenchmarkDatabase database, StubAiServer aiServer, int index)
            throws IOException, InterruptedException {
        Map<String, String> environment = new HashMap<>(DarkroomProcess.settings(database, aiServer));
        // Nothing runs the generations, so that only requests cost processor time.
        environment.put("DARKROOM_NODE_ROLES", "api, notifier");
        List<String> arguments = new ArrayList<>(List.of("with", MeteredServer.WITHOUT, MeteredServer.WITHOUT));
        Collections.rotate(arguments, index);
        MeteredServices services = new MeteredServices();
        boolean started = false;
        try {
            for (String argument : arguments) {
                services.processes.add(JavaProcess.start(
                        directory.resolve(index + "-" + services.processes.size()),
                        DarkroomProcess.FLAGS,
                        List.of("-cp", System.getProperty("java.class.path"), MeteredServer.class.getName(), argument),
                        environment,
                        "Try it"));
            }
            started = true;
        } finally {
            if (!started) {
                services.close();
            }
        }
        Collections.rotate(services.processes, -index);
        return services;
    }

    /** Returns the port of one of the services. */
    int port() {
        return DarkroomProcess.portOf(processes.get(0));
    }

    /**
     * Warms up the services and measures them in rounds.
     *
     * @param loadOf creates the load of the service on a port
     * @param warmUp requests to each service before the first round, for the JIT compilers
     * @param before restores the initial state
     */
    List<MeteredRound> measure(
            IntFunction<ClosedLoopHttpLoad> loadOf, int warmUp, InterleavedComparison.Preparation before)
            throws Exception {
        ClosedLoopHttpLoad inTurn = loadOf.apply(port())
                .inTurn(processes.stream().map(DarkroomProcess::portOf).toList());
        for (int sent = 0; sent < warmUp * processes.size(); ) {
            before.prepare();
            sent += inTurn.run(ApiBenchmark.CONNECTIONS, IN_TURN).count();
        }
        List<MeteredRound> rounds = new ArrayList<>();
        for (int i = 0; i < ROUNDS; i++) {
            before.prepare();
            List<MeteredRound.Cost> costs = measureCosts(inTurn);
            double[] rates = new double[2];
            for (int j = 0; j < rates.length; j++) {
                int service = (i + j) % rates.length;
                before.prepare();
                rates[service] = loadOf.apply(DarkroomProcess.portOf(processes.get(service)))
                        .run(ApiBenchmark.CONNECTIONS, ALONE)
                        .rate();
            }
            rounds.add(new MeteredRound(rates[0], rates[1], costs.get(0), costs.get(1), costs.get(2)));
        }
        return rounds;
    }

    private List<MeteredRound.Cost> measureCosts(ClosedLoopHttpLoad inTurn) throws IOException {
        List<MeteredRound.Cost> before =
                processes.stream().map(MeteredServices::totalCost).toList();
        double requests = (double) inTurn.run(ApiBenchmark.CONNECTIONS, IN_TURN).count() / processes.size();
        List<MeteredRound.Cost> costs = new ArrayList<>();
        for (int i = 0; i < processes.size(); i++) {
            costs.add(totalCost(processes.get(i)).minus(before.get(i)).dividedBy(requests));
        }
        return costs;
    }

    private static MeteredRound.Cost totalCost(JavaProcess process) {
        return new MeteredRound.Cost(
                process.threadCpu().toNanos() / 1e3, process.allocatedBytes().getAsLong());
    }

    @Override
    public void close() throws InterruptedException {
        for (JavaProcess process : processes) {
            process.close();
        }
    }
}
