package dev.darkroom.testing;

import dev.darkroom.config.DatabaseUrl;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;

/** PgBouncer process in transaction mode, so that each transaction may use another session. The methods block. */
public final class PgBouncerProcess implements AutoCloseable {
    private final Process process;
    private final DatabaseUrl url;

    /** Starts the installed program {@code pgbouncer} with a pool of two sessions. */
    public PgBouncerProcess(DatabaseUrl database, Path directory) {
        try {
            int port = FreePort.find();
            Path users = directory.resolve("users.txt");
            Path ini = directory.resolve("pgbouncer.ini");
            Files.writeString(
                    users,
                    "\"%s\" \"%s\"\n"
                            .formatted(database.user(), database.password().value()));
            Files.writeString(
                    ini, """
                    [databases]
                    * = host=%s port=%d
                    [pgbouncer]
                    listen_addr = 127.0.0.1
                    listen_port = %d
                    unix_socket_dir =
                    auth_type = scram-sha-256
                    auth_file = %s
                    pool_mode = transaction
                    default_pool_size = 2
                    %s
                    """.formatted(database.host(), database.port(), port, users, asRoot() ? "user = nobody" : ""));
            // PgBouncer drops root privileges before it reads the file of users.
            Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
            process = new ProcessBuilder(List.of("pgbouncer", ini.toString()))
                    .redirectErrorStream(true)
                    .redirectOutput(directory.resolve("pgbouncer.log").toFile())
                    .start();
            url = new DatabaseUrl("127.0.0.1", port, database.database(), database.user(), database.password());
        } catch (IOException e) {
            throw new UncheckedIOException("pgbouncer must be installed", e);
        }
        Awaitility.await("pgbouncer listens")
                .atMost(Duration.ofSeconds(60))
                .failFast(() -> !process.isAlive())
                .ignoreExceptions()
                .until(() -> {
                    try (Socket socket = new Socket("127.0.0.1", url.port())) {
                        return socket.isConnected();
                    }
                });
    }

    private static boolean asRoot() {
        return System.getProperty("user.name").equals("root");
    }

    /** Returns the URL of the database through the pooler. */
    public DatabaseUrl url() {
        return url;
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
