package dev.darkroom.testing;

import dev.darkroom.config.DatabaseUrl;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.IntFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Processes of the packaged jar on one database and one image directory. Tests kill, freeze, stop and restart them one by one.
 * The methods block, except those that return clients, which are thread-safe.
 */
public final class DarkroomFleet implements AutoCloseable {
    private static final Pattern REGISTERED = Pattern.compile("node registered node=(\\S+)");

    private final Path directory;
    private final IntFunction<Map<String, String>> environments;
    private final List<String> jvmOptions;
    private volatile List<String> program;
    private final DarkroomInstanceProcess[] current;
    private final ApiClient[] clients;
    private final List<DarkroomInstanceProcess> all = new ArrayList<>();

    /** Starts {@code size} processes with the same settings. */
    public DarkroomFleet(Path directory, int size, DarkroomInstanceSettings settings, String... jvmOptions) {
        this(directory, size, place -> settings.environment(), jvmOptions);
    }

    /**
     * Starts {@code size} processes and waits until all are ready.
     *
     * @param environments environment variables of each place, also for processes launched later
     */
    public DarkroomFleet(
            Path directory, int size, IntFunction<Map<String, String>> environments, String... jvmOptions) {
        this(
                DarkroomInstanceProcess.programOfJar(DarkroomInstanceProcess.jar()),
                directory,
                size,
                environments,
                jvmOptions);
    }

    /** As the other constructor, with another build of the service. */
    public DarkroomFleet(
            List<String> program,
            Path directory,
            int size,
            IntFunction<Map<String, String>> environments,
            String... jvmOptions) {
        this.program = program;
        this.directory = directory;
        this.environments = environments;
        this.jvmOptions = new ArrayList<>(List.of("-Xmx256m"));
        this.jvmOptions.addAll(Arrays.asList(jvmOptions));
        current = new DarkroomInstanceProcess[size];
        clients = new ApiClient[size];
        try {
            for (int place = 0; place < size; place++) {
                launch(place);
            }
            for (int place = 0; place < size; place++) {
                awaitReady(place);
            }
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    /** Returns the URL of a database behind a proxy. */
    public static DatabaseUrl throughProxy(TcpProxy proxy, DatabaseUrl url) {
        return new DatabaseUrl("127.0.0.1", proxy.port(), url.database(), url.user(), url.password());
    }

    public int size() {
        return current.length;
    }

    /** Returns the process that runs, or last ran, at a place. */
    public synchronized DarkroomInstanceProcess processAt(int place) {
        return current[place];
    }

    /** Returns all processes ever launched, including ended ones. */
    public synchronized List<DarkroomInstanceProcess> allProcesses() {
        return List.copyOf(all);
    }

    /** Returns a client of a random ready process that serves the API, or null when there is none. */
    public synchronized ApiClient randomClient() {
        List<ApiClient> ready =
                Arrays.stream(clients).filter(client -> client != null).toList();
        return ready.isEmpty() ? null : ready.get(ThreadLocalRandom.current().nextInt(ready.size()));
    }

    /** Returns the number of ready processes that serve the API. */
    public synchronized long readyCount() {
        return Arrays.stream(clients).filter(client -> client != null).count();
    }

    /** Returns a client of the process at a place; null while it is not ready, and without an API. */
    public synchronized ApiClient client(int place) {
        return clients[place];
    }

    /** Kills a process with {@code kill -9}. Clients in use only notice by failing requests. */
    public void kill(int place) {
        processAt(place).kill();
        markGone(place);
    }

    /** Excludes the process at a place from {@link #randomClient} and {@link #readyCount}. */
    public synchronized void markGone(int place) {
        clients[place] = null;
    }

    /** Sets the build of the service that later launches run. */
    public void setProgram(List<String> nextProgram) {
        program = nextProgram;
    }

    /** Launches a process at a place without waiting for it. */
    public void launch(int place) {
        DarkroomInstanceProcess started =
                DarkroomInstanceProcess.launchProgram(program, directory, environments.apply(place), jvmOptions);
        synchronized (this) {
            current[place] = started;
            all.add(started);
        }
    }

    /** Waits until the process at a place is ready. */
    public void awaitReady(int place) {
        DarkroomInstanceProcess started = processAt(place).awaitReady();
        if (environments.apply(place).getOrDefault("DARKROOM_NODE_ROLES", "api").contains("api")) {
            synchronized (this) {
                clients[place] = started.client();
            }
        }
    }

    /** Returns the node ids that a process has logged, in order. */
    public static List<String> nodeIds(DarkroomInstanceProcess process) {
        List<String> found = new ArrayList<>();
        for (String line : process.log()) {
            Matcher matcher = REGISTERED.matcher(line);
            if (matcher.find()) {
                found.add(matcher.group(1));
            }
        }
        return found;
    }

    /** Returns the place of the ready process with a node id, or empty. */
    public synchronized Optional<Integer> placeOfNode(String nodeId) {
        for (int place = 0; place < current.length; place++) {
            if (clients[place] != null && nodeIds(current[place]).contains(nodeId)) {
                return Optional.of(place);
            }
        }
        return Optional.empty();
    }

    /** Kills all running processes. Orderly shutdown is covered by other tests. */
    @Override
    public void close() {
        allProcesses().forEach(process -> {
            if (process.isAlive()) {
                process.kill();
            }
        });
    }
}
