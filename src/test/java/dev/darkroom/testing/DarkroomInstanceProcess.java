package dev.darkroom.testing;

import dev.darkroom.database.embedded.EmbeddedDatabase;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;

/** A process of the packaged jar. Tests start it, read its output, send signals and kill it. The methods block. */
public final class DarkroomInstanceProcess implements DarkroomInstance, AutoCloseable {
    private static final Duration START_TIMEOUT = Duration.ofMinutes(3);

    /** JVM option that makes the embedded database run programs that the tests unpack once. */
    public static final String SHARED_BINARIES =
            "-D" + EmbeddedDatabase.BINARIES_PROPERTY + "=" + TestPostgres.BINARIES;

    private final Process process;
    private final List<String> lines = new ArrayList<>();
    private final List<String> errors = new ArrayList<>();
    private final List<Thread> readers = new ArrayList<>();
    /** Values in the banner by the regular expression that finds them. */
    private final Map<String, String> bannerValues = new ConcurrentHashMap<>();

    private DarkroomInstanceProcess(Process process) {
        this.process = process;
        readOutput(process.inputReader(StandardCharsets.UTF_8), List.of(lines));
        readOutput(process.errorReader(StandardCharsets.UTF_8), List.of(lines, errors));
    }

    /** Starts the jar in a directory without waiting for readiness. */
    public static DarkroomInstanceProcess launch(
            Path directory, Map<String, String> environment, List<String> jvmOptions, String... arguments) {
        return launch(List.of(), directory, environment, jvmOptions, List.of("-jar", jar().toString()), arguments);
    }

    /** Starts a modified service and waits until it is ready. */
    public static DarkroomInstanceProcess startWithClasses(
            Path classes, Path directory, Map<String, String> environment, String... jvmOptions) {
        return launchProgram(programWithClasses(classes), directory, environment, List.of(jvmOptions))
                .awaitReady();
    }

    /** Starts a build of the service without waiting for readiness. */
    public static DarkroomInstanceProcess launchProgram(
            List<String> program, Path directory, Map<String, String> environment, List<String> jvmOptions) {
        return launch(List.of(), directory, environment, jvmOptions, program);
    }

    /** Returns the arguments of the JVM that run a jar. */
    public static List<String> programOfJar(Path jar) {
        return List.of("-jar", jar.toAbsolutePath().toString());
    }

    /** Returns the arguments of the JVM that run a modified service. Its classes precede the jar on the class path. */
    public static List<String> programWithClasses(Path classes) {
        return List.of("-cp", classes.toAbsolutePath() + File.pathSeparator + jar(), "dev.darkroom.Main");
    }

    /**
     * Like {@link #launch}, as leader of a new process group, like a command in a terminal. Restores the default handling of
     * SIGINT, because a suite started in the background of a script ignores it and its children inherit that.
     */
    public static DarkroomInstanceProcess launchProcessGroup(
            Path directory, Map<String, String> environment, List<String> jvmOptions, String... arguments) {
        return launch(
                List.of("env", "--default-signal=INT", "setsid"),
                directory,
                environment,
                jvmOptions,
                List.of("-jar", jar().toString()),
                arguments);
    }

    private static DarkroomInstanceProcess launch(
            List<String> launcher,
            Path directory,
            Map<String, String> environment,
            List<String> jvmOptions,
            List<String> program,
            String... arguments) {
        TestImageDirectories.markAsOwned(directory, environment);
        List<String> command = new ArrayList<>(launcher);
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        // Processes live for seconds, too short to benefit from the C2 compiler or a parallel garbage collector.
        command.add("-XX:TieredStopAtLevel=1");
        command.add("-XX:+UseSerialGC");
        command.add("-XX:SharedArchiveFile=" + jar().resolveSibling("darkroom.jsa"));
        // Suppresses warnings of processes that cannot use the archive, since tests check the output.
        command.add("-Xlog:cds*=off");
        // A clean build deletes the files of killed processes.
        command.add("-Dvertx.cacheDirBase=" + Path.of("target", "vertx-cache").toAbsolutePath());
        command.addAll(jvmOptions);
        command.addAll(program);
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).directory(directory.toFile());
        builder.environment().keySet().removeIf(name -> name.startsWith("DARKROOM_"));
        builder.environment().putAll(environment);
        try {
            return new DarkroomInstanceProcess(builder.start());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Starts the service and waits until it is ready. */
    public static DarkroomInstanceProcess start(Path directory, Map<String, String> environment, String... jvmOptions) {
        return launch(directory, environment, List.of(jvmOptions)).awaitReady();
    }

    /** Waits until the service is ready. */
    public DarkroomInstanceProcess awaitReady() {
        try {
            awaitLine("is ready\\.|\"message\":\"server started\"");
            awaitLine("  Images |\"images\":");
            return this;
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    /** Returns the packaged jar. */
    public static Path jar() {
        String jar = System.getProperty("darkroom.jar");
        if (jar == null) {
            throw new IllegalStateException("needs the packaged jar: run by the verify phase, or set darkroom.jar");
        }
        return Path.of(jar);
    }

    @Override
    public URI api() {
        return URI.create(bannerValue("(?:  API +|\"api\":\")(http://[^\\s\"/]+)"));
    }

    @Override
    public URI management() {
        return URI.create(bannerValue("(?:  Health +|\"management\":\")(http://[^\\s\"/]+)"));
    }

    /** Returns the base URL of the AI server, as shown in the banner. */
    public URI aiServer() {
        return URI.create(bannerValue("(?:  AI server +|\"aiServer\":\")(http[^\\s\"]+)"));
    }

    @Override
    public List<String> log() {
        synchronized (lines) {
            return List.copyOf(lines);
        }
    }

    /** Waits until a line of the output matches the regular expression, and returns the first one. */
    public String awaitLine(String expression) {
        Pattern pattern = Pattern.compile(expression);
        return Awaitility.await("line " + expression)
                .atMost(START_TIMEOUT)
                .pollInterval(Duration.ofMillis(20))
                .failFast(() -> {
                    if (!process.isAlive() && find(pattern).isEmpty()) {
                        joinReaders();
                        throw new IllegalStateException("ended with " + process.exitValue() + ": " + log());
                    }
                })
                .until(() -> find(pattern), Optional::isPresent)
                .get();
    }

    private Optional<String> find(Pattern pattern) {
        return log().stream().filter(line -> pattern.matcher(line).find()).findFirst();
    }

    /** Returns the lines of standard error. {@link #log} contains them as well. */
    public List<String> errors() {
        synchronized (lines) {
            return List.copyOf(errors);
        }
    }

    /** Sends a signal, such as {@code INT}, to this process only. */
    public void signal(String name) {
        signal(name, String.valueOf(pid()));
    }

    /** Sends a signal to the whole process group, as Ctrl-C in a terminal does. */
    public void signalGroup(String name) {
        signal(name, "-" + pid());
    }

    private static void signal(String name, String target) {
        try {
            Process kill = new ProcessBuilder("kill", "-s", name, "--", target)
                    .inheritIO()
                    .start();
            if (kill.waitFor() != 0) {
                throw new IllegalStateException("no process " + target + " to send " + name);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** Sends SIGKILL and waits for the end. No shutdown hook runs. */
    public void kill() {
        process.toHandle().destroyForcibly();
        awaitExit();
    }

    /** Sends SIGTERM, waits for the end and returns the exit code. */
    @Override
    public int stop() {
        // Uses the handle, since Process.destroy would close the streams that read its output.
        process.toHandle().destroy();
        return awaitExit();
    }

    /** Waits for the end and returns the exit code. */
    public int awaitExit() {
        try {
            if (!process.waitFor(180, TimeUnit.SECONDS)) {
                throw new IllegalStateException("still running: " + log());
            }
            joinReaders();
            return process.exitValue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    public long pid() {
        return process.pid();
    }

    public boolean isAlive() {
        return process.isAlive();
    }

    @Override
    public void close() {
        if (process.isAlive()) {
            stop();
        }
    }

    /** Returns the first group of the expression. Caches it, because the log may be long. */
    private String bannerValue(String expression) {
        return bannerValues.computeIfAbsent(expression, regex -> {
            Matcher matcher = Pattern.compile(regex).matcher(awaitLine(regex));
            if (!matcher.find()) {
                throw new IllegalStateException(regex);
            }
            return matcher.group(1);
        });
    }

    private void readOutput(BufferedReader output, List<List<String>> sinks) {
        Thread reader = new Thread(
                () -> {
                    try (output) {
                        for (String line = output.readLine(); line != null; line = output.readLine()) {
                            synchronized (lines) {
                                for (List<String> sink : sinks) {
                                    sink.add(line);
                                }
                            }
                        }
                    } catch (IOException e) {
                        // The process has ended. The lines read so far are complete.
                    }
                },
                "output of " + process.pid());
        reader.setDaemon(true);
        reader.start();
        readers.add(reader);
    }

    private void joinReaders() throws InterruptedException {
        for (Thread reader : readers) {
            reader.join(5_000);
        }
    }
}
