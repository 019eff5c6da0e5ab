package dev.darkroom.benchmark;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Child process with its output in a file. All methods block. */
final class ExternalProcess implements MeasuredProcess, AutoCloseable {
    private static final Duration START_TIMEOUT = Duration.ofSeconds(60);

    private final Process process;
    private final Path output;

    private ExternalProcess(Process process, Path output) {
        this.process = process;
        this.output = output;
    }

    /**
     * Starts a process and waits until it is ready.
     *
     * @param environment added to that of this process, without its {@code DARKROOM_*} variables
     * @param ready regular expression for the output of a ready process
     */
    static ExternalProcess start(Path directory, List<String> command, Map<String, String> environment, String ready)
            throws IOException, InterruptedException {
        Files.createDirectories(directory);
        Path output = directory.resolve("output.log");
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile());
        builder.environment().keySet().removeIf(name -> name.startsWith("DARKROOM_"));
        builder.environment().putAll(environment);
        ExternalProcess externalProcess = new ExternalProcess(builder.start(), output);
        // An interrupted benchmark leaves no process running.
        Runtime.getRuntime().addShutdownHook(new Thread(externalProcess.process::destroyForcibly));
        boolean started = false;
        try {
            externalProcess.await(Pattern.compile(ready));
            started = true;
            return externalProcess;
        } finally {
            if (!started) {
                externalProcess.close();
            }
        }
    }

    private void await(Pattern ready) throws IOException, InterruptedException {
        long end = System.nanoTime() + START_TIMEOUT.toNanos();
        while (!ready.matcher(Files.readString(output)).find()) {
            if (!process.isAlive() || System.nanoTime() > end) {
                throw new IllegalStateException("did not start: " + Files.readString(output));
            }
            Thread.sleep(20);
        }
    }

    /** Returns the first group of the first match of a regular expression in the output. */
    String outputValue(String expression) {
        try {
            Matcher matcher = Pattern.compile(expression).matcher(Files.readString(output));
            if (!matcher.find()) {
                throw new IllegalStateException("no " + expression + " in " + output);
            }
            return matcher.group(1);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    ProcessHandle handle() {
        return process.toHandle();
    }

    @Override
    public Duration cpu() {
        return ProcessCpuTime.ofProcessTree(process.toHandle());
    }

    @Override
    public OptionalLong allocatedBytes() {
        return OptionalLong.empty();
    }

    @Override
    public void close() throws InterruptedException {
        process.destroy();
        if (!process.waitFor(30, TimeUnit.SECONDS)) {
            process.destroyForcibly();
        }
    }
}
