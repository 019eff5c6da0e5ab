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
 * Several processes of the packaged jar on one database, with one image directory: killed, frozen, stopped and started again
 * one by one. The methods block; asking for a client does not, and may be done from any thread.
 */
public final class DarkroomFleet implements AutoCloseable {
    private static final Pattern JOINED = Pattern.compile("node registered node=(\\S+)");

    private final Path directory;
    private final IntFunction<Map<String, String>> environments;
    private final List<String> jvmOptions;
    private final DarkroomInstanceProcess[] current;
    private final ApiClient[] clients;
    private final List<DarkroomInstanceProcess> all = new ArrayList<>();

    /** Starts {@code size} processes with the same settings. */
    public DarkroomFleet(Path directory, int size, DarkroomInstanceSettings settings, String... jvmOptions) {
        this(directory, size, place -> settings.environment(), jvmOptions);
    }

    /**
     * Starts {@code size} processes, and waits until all are ready.
     *
     * @param environments the settings of each place, also for those that take the place later
     */
    public DarkroomFleet(
            Path directory, int size, IntFunction<Map<String, String>> environments, String... jvmOptions) {
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

    /** The settings that connect to a database through a proxy. */
    public static DatabaseUrl throughProxy(TcpProxy proxy, DatabaseUrl url) {
        return new DatabaseUrl("127.0.0.1", proxy.port(), url.database(), url.user(), url.password());
    }

    public int size() {
        return current.length;
    }

    /** Who runs, or last ran, at a place. */
    public synchronized DarkroomInstanceProcess processAt(int place) {
        return current[place];
    }

    /** Every process that ever ran, the dead ones too. */
    public synchronized List<DarkroomInstanceProcess> allProcesses() {
        return List.copyOf(all);
    }

    /** A client of somebody who is there, at random; null while nobody is. */
    public synchronized ApiClient randomClient() {
        List<ApiClient> there =
                Arrays.stream(clients).filter(client -> client != null).toList();
        return there.isEmpty() ? null : there.get(ThreadLocalRandom.current().nextInt(there.size()));
    }

    /** How many are ready. */
    public synchronized long readyCount() {
        return Arrays.stream(clients).filter(client -> client != null).count();
    }

    /** A client of the process at a place. */
    public synchronized ApiClient client(int place) {
        return clients[place];
    }

    /** {@code kill -9}. Callers notice by themselves, as they would of a load balancer that does not know yet. */
    public void kill(int place) {
        processAt(place).kill();
        markGone(place);
    }

    /** Whoever is at the place is known to be gone: callers leave it alone. */
    public synchronized void markGone(int place) {
        clients[place] = null;
    }

    /** Starts somebody at a place, without waiting. */
    public void launch(int place) {
        DarkroomInstanceProcess started =
                DarkroomInstanceProcess.launch(directory, environments.apply(place), jvmOptions);
        synchronized (this) {
            current[place] = started;
            all.add(started);
        }
    }

    /** Waits until who was started at a place is ready. */
    public void awaitReady(int place) {
        DarkroomInstanceProcess started = processAt(place).awaitReady();
        synchronized (this) {
            clients[place] = started.client();
        }
    }

    /** The identities that a process has had, in their order. */
    public static List<String> nodeIds(DarkroomInstanceProcess process) {
        List<String> found = new ArrayList<>();
        for (String line : process.log()) {
            Matcher matcher = JOINED.matcher(line);
            if (matcher.find()) {
                found.add(matcher.group(1));
            }
        }
        return found;
    }

    /** Where the process runs that has an identity; empty when it runs no more. */
    public synchronized Optional<Integer> placeOfNode(String identity) {
        for (int place = 0; place < current.length; place++) {
            if (clients[place] != null && nodeIds(current[place]).contains(identity)) {
                return Optional.of(place);
            }
        }
        return Optional.empty();
    }

    /** Kills whoever still runs: what they would do in good order is another test's matter. */
    @Override
    public void close() {
        allProcesses().forEach(process -> {
            if (process.isAlive()) {
                process.kill();
            }
        });
    }
}
