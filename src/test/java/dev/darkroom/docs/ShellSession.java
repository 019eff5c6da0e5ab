package dev.darkroom.docs;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A bash process that keeps variables between commands, like a terminal. Not thread-safe. */
final class ShellSession implements AutoCloseable {
    private static final Duration DEADLINE = Duration.ofSeconds(120);
    private static final String END = "end-of-command-";

    private final Path directory;
    private final Process bash;
    private final BufferedWriter input;
    private final Reader output;

    /** @param environment in addition to that of this process, whose {@code DARKROOM_} variables are removed */
    ShellSession(Path directory, Map<String, String> environment) {
        this.directory = directory;
        ProcessBuilder builder = new ProcessBuilder("bash", "--noprofile", "--norc")
                .directory(directory.toFile())
                .redirectErrorStream(true);
        builder.environment().keySet().removeIf(name -> name.startsWith("DARKROOM_"));
        builder.environment().putAll(environment);
        String java = Path.of(System.getProperty("java.home"), "bin").toString();
        builder.environment().merge("PATH", java, (path, first) -> first + ":" + path);
        try {
            bash = builder.start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        input = bash.outputWriter(StandardCharsets.UTF_8);
        output = bash.inputReader(StandardCharsets.UTF_8);
    }

    /**
     * Result of a command.
     *
     * @param output standard output and standard error
     */
    record Result(int exitCode, String output) {}

    Result run(String command) {
        try {
            String wrapped = command;
            if (command.startsWith("#!")) {
                Path script = Files.createTempFile(directory, "script", ".sh");
                Files.writeString(script, command);
                wrapped = "sh " + script;
            }
            input.write("{\n" + wrapped.strip() + "\n} </dev/null\necho\necho " + END + "$?\n");
            input.flush();
            return await();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private Result await() throws InterruptedException {
        CompletableFuture<Result> result = CompletableFuture.supplyAsync(this::readResult);
        try {
            return result.get(DEADLINE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            throw new AssertionError(e.getCause());
        } catch (TimeoutException e) {
            throw new AssertionError("command not finished within " + DEADLINE, e);
        }
    }

    /** Blocks until the shell has printed the end mark of a command. */
    private Result readResult() {
        StringBuilder text = new StringBuilder();
        char[] buffer = new char[8192];
        try {
            while (true) {
                int read = output.read(buffer);
                if (read < 0) {
                    throw new IllegalStateException("the shell has ended: " + text);
                }
                text.append(buffer, 0, read);
                int mark = text.lastIndexOf("\n" + END);
                int line = mark < 0 ? -1 : text.indexOf("\n", mark + 1);
                if (line >= 0) {
                    int exitCode = Integer.parseInt(text.substring(mark + 1 + END.length(), line));
                    return new Result(exitCode, text.substring(0, mark));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        bash.descendants().forEach(ProcessHandle::destroyForcibly);
        bash.destroyForcibly();
    }
}
