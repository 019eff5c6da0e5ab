package dev.darkroom.database.embedded;

import com.sun.security.auth.module.UnixSystem;
import dev.darkroom.database.DatabaseException;
import dev.darkroom.file.DurableFiles;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Creates, starts and stops the server of one PostgreSQL cluster with the programs of PostgreSQL. Blocking. The caller holds the
 * {@link DataDirectoryLock}.
 *
 * <p>{@code pg_ctl} starts the server in a new session, so that a Ctrl-C in the terminal of Darkroom does not stop it.
 */
final class PostgresServer {
    private static final Logger LOG = LoggerFactory.getLogger(PostgresServer.class);
    private static final Pattern REASON_PATTERN =
            Pattern.compile("(?m)(?:\\b(?:FATAL|PANIC|error|DETAIL):|^(?:pg_ctl|unshare):) +(.+)$");
    private static final Duration START_TIMEOUT = Duration.ofMinutes(5);
    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(60);

    private final List<String> commandPrefix = commandPrefix();
    private final Path home;
    private final Path directory;
    private final Path cluster;

    /**
     * @param home the directory of the unpacked programs
     * @param directory the absolute path of the directory for the cluster and the output of the programs
     * @throws DatabaseException when PostgreSQL cannot run as this user
     */
    PostgresServer(Path home, Path directory) {
        this.home = home;
        this.directory = directory;
        this.cluster = directory.resolve("cluster");
    }

    boolean isInitialized() {
        return Files.exists(cluster);
    }

    /**
     * Creates the cluster with password authentication. The cluster directory gets its name only when it is complete. Deletes the
     * remains of an interrupted attempt.
     *
     * @param superuserPassword a file with the password of the role postgres in its first line
     * @param sql statements, one per line, executed as superuser in single-user mode
     */
    void initialize(Path superuserPassword, List<String> sql) throws IOException {
        Path unfinished = directory.resolve("cluster.new");
        DataDirectories.delete(unfinished);
        // Uses a builtin locale, which every machine has. A system upgrade that changed the collation would corrupt
        // indexes.
        run(
                "initdb",
                "",
                List.of(
                        "--pgdata=" + unfinished,
                        "--username=postgres",
                        "--auth=scram-sha-256",
                        "--pwfile=" + superuserPassword,
                        "--encoding=UTF8",
                        "--locale=C",
                        "--locale-provider=builtin",
                        "--builtin-locale=C.UTF-8",
                        "--no-instructions"));
        run(
                "postgres",
                String.join("\n", sql) + "\n",
                List.of("--single", "-D", unfinished.toString(), "-c", "exit_on_error=on", "postgres"));
        DurableFiles.rename(unfinished, cluster);
    }

    /**
     * Starts the server and waits until it accepts connections, crash recovery included.
     *
     * @throws DatabaseException when the server does not start; it is stopped then
     */
    void start(Map<String, String> parameters) throws IOException {
        PostmasterPidFile.removeStalePidFile(cluster);
        String options = parameters.entrySet().stream()
                .map(parameter -> "-c " + parameter.getKey() + "=" + parameter.getValue())
                .collect(Collectors.joining(" "));
        try {
            pgCtl(START_TIMEOUT, "start", "-o", options);
        } catch (DatabaseException e) {
            stop();
            throw e;
        }
    }

    /**
     * Stops the server, if one runs, and waits for its end. Ends open sessions; committed transactions are durable.
     *
     * @throws DatabaseException when the server does not stop
     */
    void stop() throws IOException {
        // Tries fast mode twice, since a Ctrl-C ends a waiting pg_ctl but not the server. Immediate mode requires crash
        // recovery.
        stop("fast", "fast", "immediate");
    }

    /** Like {@link #stop()}; tries the given modes of {@code pg_ctl} in order until the server has stopped. */
    void stop(String... modes) throws IOException {
        for (String mode : modes) {
            if (!isRunning()) {
                return;
            }
            try {
                pgCtl(STOP_TIMEOUT, "stop", "-m", mode);
            } catch (DatabaseException e) {
                LOG.atWarn()
                        .addKeyValue("mode", mode)
                        .addKeyValue("reason", e.getMessage())
                        .log("PostgreSQL stop failed");
            }
        }
        if (isRunning()) {
            throw new DatabaseException("the embedded PostgreSQL in " + directory + " does not stop");
        }
    }

    boolean isRunning() throws IOException {
        return PostmasterPidFile.findRunningPid(cluster).isPresent();
    }

    private void pgCtl(Duration timeout, String action, String... arguments) throws IOException {
        List<String> command = new ArrayList<>();
        Collections.addAll(command, action, "-D", cluster.toString(), "-w", "-t", String.valueOf(timeout.toSeconds()));
        Collections.addAll(command, arguments);
        run("pg_ctl", "", command);
    }

    /** Runs a program and waits for its end. Writes its output to a file: a pipe would stay open while the server inherits it. */
    private void run(String program, String input, List<String> arguments) throws IOException {
        List<String> command = new ArrayList<>(commandPrefix);
        command.add(home.resolve("bin").resolve(program).toString());
        command.addAll(arguments);
        Path output = directory.resolve(program + ".log");
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile());
        // Removes variables that the user has set for another PostgreSQL.
        builder.environment().keySet().removeIf(name -> name.startsWith("PG"));
        builder.environment().put("LC_ALL", "C");
        Process process = builder.start();
        try (OutputStream stdin = process.getOutputStream()) {
            stdin.write(input.getBytes(StandardCharsets.UTF_8));
        }
        int exit;
        try {
            exit = process.waitFor();
        } catch (InterruptedException e) {
            process.destroy();
            Thread.currentThread().interrupt();
            throw new DatabaseException("interrupted while " + program + " of the embedded PostgreSQL was running", e);
        }
        if (exit != 0) {
            throw new DatabaseException(program + " of the embedded PostgreSQL failed: " + failureReason(output)
                    + " (more in " + directory + ")");
        }
    }

    private static String failureReason(Path output) throws IOException {
        String text = Files.readString(output, StandardCharsets.ISO_8859_1);
        String reason = REASON_PATTERN
                .matcher(text)
                .results()
                .map(result -> result.group(1).strip())
                .limit(2)
                .collect(Collectors.joining("; "));
        return reason.isEmpty() ? "no reason reported" : reason;
    }

    /** Returns a prefix that runs PostgreSQL, which rejects root, as an ordinary user of a new user namespace. Empty if not root. */
    private static List<String> commandPrefix() {
        if (new UnixSystem().getUid() != 0) {
            return List.of();
        }
        if (!canUnshare()) {
            throw new DatabaseException("PostgreSQL does not run as root, and \"unshare -U\" is not allowed here; run"
                    + " Darkroom as an ordinary user, or set DARKROOM_DATABASE_URL to use a PostgreSQL of your own");
        }
        return List.of("unshare", "-U");
    }

    private static boolean canUnshare() {
        try {
            Process process = new ProcessBuilder("unshare", "-U", "true")
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            return process.waitFor() == 0;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new DatabaseException("interrupted while the embedded PostgreSQL was starting", e);
        }
    }
}
