package dev.darkroom.database.embedded;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.FileErrorMessage;
import dev.darkroom.config.Secret;
import dev.darkroom.database.DatabaseException;
import dev.darkroom.file.DurableFiles;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The embedded PostgreSQL 18, used when no database is configured. Keeps its data in the data directory. {@link #close} stops the
 * server; no shutdown hook does. After a {@code kill -9} of Darkroom the server keeps running until the next {@link #start}, which
 * replaces it. The server listens on loopback only, on a new port with each start.
 *
 * <p>Files in the data directory:
 *
 * <ul>
 *   <li>{@code darkroom.lock}: locked while Darkroom runs
 *   <li>{@code postgres/cluster}: the data
 *   <li>{@code postgres/cluster/log}: the server logs of a week
 *   <li>{@code postgres/connection.properties}: the connection parameters, readable by the owner alone
 *   <li>{@code postgres/superuser-password}: the password of the role postgres, for manual maintenance
 *   <li>{@code postgres/binaries}: the unpacked PostgreSQL programs
 * </ul>
 *
 * <p>Every method blocks for seconds and must not be called on an event loop.
 */
public final class EmbeddedDatabase implements AutoCloseable {
    /** System property with a directory for the unpacked programs. Tests share it, so that they unpack once. */
    public static final String BINARIES_PROPERTY = "darkroom.postgres.binaries";

    private static final String DIRECTORY = "postgres";
    /** {@code initdb} runs programs by the shell. Container images may have none. */
    private static final Path SHELL = Path.of("/bin/sh");

    private static final Logger LOG = LoggerFactory.getLogger(EmbeddedDatabase.class);
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final int START_ATTEMPTS = 3;

    private final DataDirectoryLock lock;
    private final PostgresServer server;
    private final ConnectionFile connectionFile;
    private final DatabaseUrl url;
    private boolean closed;

    private EmbeddedDatabase(DataDirectoryLock lock, Path directory, Path binaries) throws IOException {
        this.lock = lock;
        // Protects the executed programs from other users, independent of the mode of the data directory.
        DataDirectories.restrictToOwner(directory);
        this.server = new PostgresServer(PostgresBinaries.unpack(binaries), directory);
        this.connectionFile = new ConnectionFile(directory.resolve("connection.properties"));
        if (!server.isInitialized()) {
            initialize(directory.resolve("superuser-password"));
        }
        this.url = startServer(connectionFile.password());
        connectionFile.writeRunning(url);
    }

    /**
     * Starts the database of a data directory, and creates it first if it does not exist.
     *
     * @param dataDir created with access for the owner alone if it does not exist
     * @throws DatabaseException with a message of one line when another Darkroom uses the directory (its database is not affected), the
     *     directory is not writable, or PostgreSQL cannot run on this machine
     */
    public static EmbeddedDatabase start(Path dataDir) {
        String binaries = System.getProperty(BINARIES_PROPERTY);
        return start(dataDir, binaries == null ? dataDir.resolve(DIRECTORY).resolve("binaries") : Path.of(binaries));
    }

    /** Like {@link #start(Path)}, with the programs unpacked in {@code binaries}, which other data directories may share. */
    public static EmbeddedDatabase start(Path dataDir, Path binaries) {
        if (!Files.isExecutable(SHELL)) {
            throw new DatabaseException("the embedded PostgreSQL needs " + SHELL
                    + ", which this system lacks; set DARKROOM_DATABASE_URL to use a PostgreSQL of your own");
        }
        try {
            DurableFiles.createDirectories(dataDir);
            DataDirectoryLock lock = DataDirectoryLock.acquire(dataDir);
            try {
                return new EmbeddedDatabase(lock, dataDir.toRealPath().resolve(DIRECTORY), binaries.toAbsolutePath());
            } catch (IOException | RuntimeException e) {
                release(lock);
                throw e;
            }
        } catch (IOException e) {
            throw new DatabaseException(
                    "data directory " + dataDir + " cannot be used (" + FileErrorMessage.of(e)
                            + "); DARKROOM_DATA_DIR names another",
                    e);
        }
    }

    /** Whether a data directory contains a database. */
    static boolean exists(Path dataDir) {
        return Files.isDirectory(dataDir.resolve(DIRECTORY).resolve("cluster"));
    }

    /** Returns the URL of the database of a Darkroom that runs on a data directory; empty when none runs. */
    public static Optional<DatabaseUrl> findRunning(Path dataDir) {
        try {
            if (!Files.isDirectory(dataDir.resolve(DIRECTORY))) {
                return Optional.empty();
            }
            Path directory = dataDir.toRealPath().resolve(DIRECTORY);
            return PostmasterPidFile.findRunningPid(directory.resolve("cluster"))
                            .isPresent()
                    ? new ConnectionFile(directory.resolve("connection.properties")).url()
                    : Optional.empty();
        } catch (IOException e) {
            throw new DatabaseException(
                    "the database in data directory " + dataDir + " cannot be reached (" + FileErrorMessage.of(e) + ")",
                    e);
        }
    }

    /** Returns the URL of the database, with the role that owns it. */
    public DatabaseUrl url() {
        return url;
    }

    /** Ends the remaining sessions, stops the server, waits for its end, and unlocks the data directory last. Idempotent. */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        try {
            server.stop();
            connectionFile.writeStopped(url.password());
        } catch (IOException e) {
            throw new DatabaseException(
                    "the embedded PostgreSQL was not stopped cleanly (" + FileErrorMessage.of(e) + ")", e);
        } finally {
            release(lock);
        }
    }

    private void initialize(Path superuserPassword) throws IOException {
        LOG.atInfo().log("embedded database creation started");
        Secret password = randomPassword();
        DurableFiles.replace(superuserPassword, randomPassword().value() + "\n");
        connectionFile.writeStopped(password);
        // Creates a role that owns its database. CREATEDB is for tools and tests.
        // One SCRAM iteration suffices: the password has 256 random bits and cannot be guessed. More iterations would
        // block an event loop with each connection.
        server.initialize(
                superuserPassword,
                List.of(
                        "SET scram_iterations = 1;",
                        "CREATE ROLE " + ConnectionFile.DATABASE_NAME + " LOGIN CREATEDB PASSWORD '" + password.value()
                                + "';",
                        "CREATE DATABASE " + ConnectionFile.DATABASE_NAME + " OWNER " + ConnectionFile.DATABASE_NAME
                                + ";"));
    }

    private DatabaseUrl startServer(Secret password) throws IOException {
        if (server.isRunning()) {
            // This process holds the lock, so the process that started the server has ended.
            LOG.atInfo().log("stale database server found, stopping it");
            server.stop();
        }
        connectionFile.writeStopped(password);
        for (int attempt = 1; ; attempt++) {
            int port = findFreePort();
            try {
                server.start(serverParameters(port));
                LOG.atInfo().addKeyValue("port", port).log("embedded database started");
                return ConnectionFile.url(port, password);
            } catch (DatabaseException e) {
                // Another process may have taken the port after findFreePort.
                if (attempt == START_ATTEMPTS || isFree(port)) {
                    throw e;
                }
            }
        }
    }

    static Map<String, String> serverParameters(int port) {
        Map<String, String> parameters = new LinkedHashMap<>();
        parameters.put("port", String.valueOf(port));
        parameters.put("listen_addresses", ConnectionFile.HOST);
        // Creates no socket in /tmp, where another user could create one with the same name.
        parameters.put("unix_socket_directories", "");
        // Writes commits to disk. On the command line, these settings cannot be overridden by a file.
        parameters.put("fsync", "on");
        parameters.put("synchronous_commit", "on");
        parameters.put("full_page_writes", "on");
        parameters.put("max_connections", "100");
        // Interval at which autovacuum can remove dead rows of the queue. The default is a minute; docs/database.md
        // has the figures.
        parameters.put("autovacuum_naptime", "10s");
        parameters.put("timezone", "UTC");
        parameters.put("log_timezone", "UTC");
        // Writes one file per weekday, overwritten after a week.
        parameters.put("logging_collector", "on");
        parameters.put("log_directory", "log");
        parameters.put("log_filename", "postgresql-%a.log");
        parameters.put("log_truncate_on_rotation", "on");
        parameters.put("log_rotation_age", "1d");
        parameters.put("log_rotation_size", "0");
        return parameters;
    }

    private static int findFreePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, loopback())) {
            return socket.getLocalPort();
        }
    }

    private static boolean isFree(int port) {
        try (ServerSocket socket = new ServerSocket(port, 1, loopback())) {
            return socket.isBound();
        } catch (IOException e) {
            return false;
        }
    }

    private static InetAddress loopback() throws IOException {
        return InetAddress.getByAddress(new byte[] {127, 0, 0, 1});
    }

    private static Secret randomPassword() {
        byte[] bytes = new byte[32];
        RANDOM.nextBytes(bytes);
        return new Secret(Base64.getUrlEncoder().withoutPadding().encodeToString(bytes));
    }

    private static void release(DataDirectoryLock lock) {
        try {
            lock.close();
        } catch (IOException e) {
            LOG.atWarn().setCause(e).log("data directory lock release failed");
        }
    }
}
