package dev.darkroom.benchmark;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A process of its own, whatever it is written in. Its output goes to a file, as that of a service does. The methods block. */
final class ExternalProcess implements AutoCloseable {
    private static final Duration START = Duration.ofSeconds(60);

    private final Process process;
    private final Path output;

    private ExternalProcess(Process process, Path output) {
        this.process = process;
        this.output = output;
    }

    /**
     * Starts one and waits until it says that it is ready.
     *
     * @param environment beside our own, of which it gets no setting of the service
     * @param ready an expression that its output comes to contain
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
        // One that is broken off leaves nothing running.
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
        long end = System.nanoTime() + START.toNanos();
        while (!ready.matcher(Files.readString(output)).find()) {
            if (!process.isAlive() || System.nanoTime() > end) {
                throw new IllegalStateException("did not start: " + Files.readString(output));
            }
            Thread.sleep(20);
        }
    }

    /** What the first group of an expression is in its output. */
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
    public void close() throws InterruptedException {
        process.destroy();
        if (!process.waitFor(30, TimeUnit.SECONDS)) {
            process.destroyForcibly();
        }
    }
}
