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

/** The packaged jar as a process of its own, to be started, watched, signalled and killed. The methods block. */
public final class DarkroomInstanceProcess implements DarkroomInstance, AutoCloseable {
    private static final Duration START = Duration.ofMinutes(3);

    /** With this option an embedded database runs programs that the tests have unpacked once. */
    public static final String SHARED_BINARIES =
            "-D" + EmbeddedDatabase.BINARIES_PROPERTY + "=" + TestPostgres.BINARIES;

    private final Process process;
    private final List<String> lines = new ArrayList<>();
    private final List<String> errors = new ArrayList<>();
    private final List<Thread> readers = new ArrayList<>();
    /** What the banner says, by the expression that finds it. */
    private final Map<String, String> bannerValues = new ConcurrentHashMap<>();

    private DarkroomInstanceProcess(Process process) {
        this.process = process;
        readOutput(process.inputReader(StandardCharsets.UTF_8), List.of(lines));
        readOutput(process.errorReader(StandardCharsets.UTF_8), List.of(lines, errors));
    }

    /** Starts the jar with these settings, in a directory, without waiting for it to be ready. */
    public static DarkroomInstanceProcess launch(
            Path directory, Map<String, String> environment, List<String> jvmOptions, String... arguments) {
        List<String> options = new ArrayList<>(ClassDataArchive.options(jar()));
        options.addAll(jvmOptions);
        return launchWithoutArchive(directory, environment, options, arguments);
    }

    /** With these options alone. */
    static DarkroomInstanceProcess launchWithoutArchive(
            Path directory, Map<String, String> environment, List<String> jvmOptions, String... arguments) {
        return launch(List.of(), directory, environment, jvmOptions, List.of("-jar", jar().toString()), arguments);
    }

    /**
     * Starts the service with class files that come before those of the jar, and waits until it is ready: a variant that
     * nobody shall ever ship.
     */
    public static DarkroomInstanceProcess startWithClasses(
            Path classes, Path directory, Map<String, String> environment, String... jvmOptions) {
        String classPath = classes.toAbsolutePath() + File.pathSeparator + jar();
        return launch(
                        List.of(),
                        directory,
                        environment,
                        List.of(jvmOptions),
                        List.of("-cp", classPath, "dev.darkroom.Main"))
                .awaitReady();
    }

    /**
     * As {@link #launch}, as leader of a process group of its own, as a terminal starts what is typed. A suite that was itself
     * started in the background of a script ignores SIGINT, and its children would too.
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
        // They live for seconds only: the best code would come too late, and so would a garbage collector of many
        // threads.
        command.add("-XX:TieredStopAtLevel=1");
        command.add("-XX:+UseSerialGC");
        // What a killed process leaves behind goes with the next clean build.
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

    /** The packaged jar. */
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

    /** The bundled AI server's base URL, as the banner tells it. */
    public URI aiServer() {
        return URI.create(bannerValue("(?:  AI server +|\"aiServer\":\")(http[^\\s\"]+)"));
    }

    @Override
    public List<String> log() {
        synchronized (lines) {
            return List.copyOf(lines);
        }
    }

    /** Waits until a line contains the expression; the first such line. */
    public String awaitLine(String expression) {
        Pattern pattern = Pattern.compile(expression);
        return Awaitility.await("line " + expression)
                .atMost(START)
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

    /** What it has written to its standard error, a line each; {@link #log} has these lines as well. */
    public List<String> errors() {
        synchronized (lines) {
            return List.copyOf(errors);
        }
    }

    /** Sends a signal, such as {@code INT}, to the process alone. */
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

    /** SIGKILL: no hook runs. */
    public void kill() {
        process.toHandle().destroyForcibly();
        awaitExit();
    }

    /** SIGTERM, and waits for the end. Returns the exit code. */
    @Override
    public int stop() {
        // By its handle, since the process itself would close our end of its output.
        process.toHandle().destroy();
        return awaitExit();
    }

    /** Waits for the end; the exit code. */
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

    /** Looked for once: it stays what it is, and a log may come to be long. */
    private String bannerValue(String expression) {
        return bannerValues.computeIfAbsent(expression, wanted -> {
            Matcher matcher = Pattern.compile(wanted).matcher(awaitLine(wanted));
            if (!matcher.find()) {
                throw new IllegalStateException(wanted);
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
                        // The process is gone; what it said before is what there is.
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
