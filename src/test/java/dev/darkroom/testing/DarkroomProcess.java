package dev.darkroom.testing;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;

/** The packaged jar as a process of its own, to be started, watched, signalled and killed. The methods block. */
public final class DarkroomProcess implements Darkroom, AutoCloseable {
    private static final Duration START = Duration.ofSeconds(60);

    private final Process process;
    private final List<String> lines = new ArrayList<>();
    private final Thread reader;

    private DarkroomProcess(Process process) {
        this.process = process;
        this.reader = new Thread(this::read, "output of " + process.pid());
        this.reader.setDaemon(true);
        this.reader.start();
    }

    /** Starts the jar with these settings, in a directory, without waiting for it to be ready. */
    public static DarkroomProcess launch(
            Path directory, Map<String, String> environment, List<String> jvmOptions, String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(jvmOptions);
        command.addAll(List.of("-jar", jar().toString()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder =
                new ProcessBuilder(command).directory(directory.toFile()).redirectErrorStream(true);
        builder.environment().keySet().removeIf(name -> name.startsWith("DARKROOM_"));
        builder.environment().putAll(environment);
        try {
            return new DarkroomProcess(builder.start());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Starts the service and waits until it is ready. */
    public static DarkroomProcess start(Path directory, Map<String, String> environment, String... jvmOptions) {
        DarkroomProcess started = launch(directory, environment, List.of(jvmOptions));
        try {
            started.awaitLine("is ready\\.");
            started.awaitLine("  Images ");
        } catch (RuntimeException | Error e) {
            started.close();
            throw e;
        }
        return started;
    }

    private static Path jar() {
        String jar = System.getProperty("darkroom.jar");
        if (jar == null) {
            throw new IllegalStateException("needs the packaged jar: run by the verify phase, or set darkroom.jar");
        }
        return Path.of(jar);
    }

    @Override
    public URI api() {
        return URI.create(banner("  API +(http\\S+)/api/generation"));
    }

    @Override
    public URI management() {
        return URI.create(banner("  Health +(http\\S+)/health/ready"));
    }

    /** The bundled AI server's base URL, as the banner tells it. */
    public URI aiServer() {
        return URI.create(banner("  AI server +(http\\S+)"));
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
                        reader.join(1_000);
                        throw new IllegalStateException("ended with " + process.exitValue() + ": " + log());
                    }
                })
                .until(() -> find(pattern), Optional::isPresent)
                .get();
    }

    private Optional<String> find(Pattern pattern) {
        return log().stream().filter(line -> pattern.matcher(line).find()).findFirst();
    }

    /** SIGKILL: no hook runs. */
    public void kill() {
        process.destroyForcibly();
        awaitExit();
    }

    /** SIGTERM, and waits for the end. Returns the exit code. */
    @Override
    public int stop() {
        process.destroy();
        return awaitExit();
    }

    /** Waits for the end; the exit code. */
    public int awaitExit() {
        try {
            if (!process.waitFor(60, TimeUnit.SECONDS)) {
                throw new IllegalStateException("still running: " + log());
            }
            reader.join(5_000);
            return process.exitValue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    public long pid() {
        return process.pid();
    }

    @Override
    public void close() {
        if (process.isAlive()) {
            stop();
        }
    }

    private String banner(String expression) {
        Matcher matcher = Pattern.compile(expression).matcher(awaitLine(expression));
        if (!matcher.find()) {
            throw new IllegalStateException(expression);
        }
        return matcher.group(1);
    }

    private void read() {
        try (BufferedReader output =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = output.readLine(); line != null; line = output.readLine()) {
                synchronized (lines) {
                    lines.add(line);
                }
            }
        } catch (IOException e) {
            // The process is gone; what it said before is what there is.
        }
    }
}
