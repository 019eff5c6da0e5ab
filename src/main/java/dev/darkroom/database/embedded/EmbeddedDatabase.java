package dev.darkroom.database.embedded;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.FileErrorMessage;
import dev.darkroom.config.Secret;
import dev.darkroom.database.DatabaseException;
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
 * A PostgreSQL 18 of our own that keeps its data in the data directory, for those who bring none. It survives the service
 * only by accident: {@link #close} stops it, and after a {@code kill -9} of the service the next {@link #start} does.
 * Nobody else stops it, no shutdown hook either. It listens on loopback alone, on a port that changes with every start.
 *
 * <p>In the data directory: {@code darkroom.lock}, held while the service lives; {@code postgres/cluster}, the data;
 * {@code postgres/cluster/log}, a week of server logs; {@code postgres/connection.properties}, how to connect, readable by
 * the owner alone; {@code postgres/superuser-password}, that of the role postgres, for maintenance by hand;
 * {@code postgres/binaries}.
 *
 * <p>Every method blocks, for seconds: never call them on an event loop.
 */
public final class EmbeddedDatabase implements AutoCloseable {
    /** A directory in which several data directories share the unpacked programs, so that tests unpack once. */
    public static final String BINARIES_PROPERTY = "darkroom.postgres.binaries";

    private static final String DIRECTORY = "postgres";
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
        // Others must not reach the programs we run, whatever the mode of the data directory.
        PrivateFiles.restrictToOwner(directory);
        this.server = new PostgresServer(PostgresBinaries.unpack(binaries), directory);
        this.connectionFile = new ConnectionFile(directory.resolve("connection.properties"));
        if (!server.isInitialized()) {
            initialize(directory.resolve("superuser-password"));
        }
        this.url = startServer(connectionFile.password());
        connectionFile.writeRunning(url);
    }

    /**
     * Starts the database of this data directory, making it at the first time.
     *
     * @param dataDir made for the owner alone when it does not exist
     * @throws DatabaseException in one line: the directory is in use by another Darkroom (whose database is not touched) or
     *     cannot be written, or PostgreSQL does not run here
     */
    public static EmbeddedDatabase start(Path dataDir) {
        String shared = System.getProperty(BINARIES_PROPERTY);
        Path own = dataDir.resolve(DIRECTORY).resolve("binaries");
        return start(dataDir, shared == null ? own : Path.of(shared));
    }

    /** As {@link #start(Path)}, with the programs unpacked in {@code binaries}, which others may share. */
    public static EmbeddedDatabase start(Path dataDir, Path binaries) {
        DataDirectoryLock lock = null;
        boolean started = false;
        try {
            PrivateFiles.createDirectories(dataDir);
            lock = DataDirectoryLock.acquire(dataDir);
            EmbeddedDatabase database =
                    new EmbeddedDatabase(lock, dataDir.toRealPath().resolve(DIRECTORY), binaries.toAbsolutePath());
            started = true;
            return database;
        } catch (IOException e) {
            throw new DatabaseException(
                    "data directory " + dataDir + " cannot be used (" + FileErrorMessage.of(e)
                            + "); DARKROOM_DATA_DIR names another",
                    e);
        } finally {
            if (!started && lock != null) {
                release(lock);
            }
        }
    }

    /** Whether a database was made in this data directory. */
    static boolean exists(Path dataDir) {
        return Files.isDirectory(dataDir.resolve(DIRECTORY).resolve("cluster"));
    }

    /** How to join the database of a service that runs on this data directory; empty when none does. */
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
                    "the database in data directory " + dataDir + " cannot be joined (" + FileErrorMessage.of(e) + ")",
                    e);
        }
    }

    /** How to connect, as the owner of the database darkroom. */
    public DatabaseUrl url() {
        return url;
    }

    /** Stops the server, ending whatever sessions are left, waits for it, and frees the data directory last. Idempotent. */
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
        PrivateFiles.writeAtomically(superuserPassword, randomPassword().value() + "\n");
        connectionFile.writeStopped(password);
        // A role that owns its database and no more. It may make further ones, for tools and tests beside the service.
        // Iterations make guesses at what people think of dear. This password has 256 random bits, and iterations would
        // hold up an event loop with each connection.
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
            // We hold the lock, so whoever started it is dead.
            LOG.atInfo().log("stopping the database server that a killed service left behind");
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
                // Between looking for a free port and taking it another process may have taken it.
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
        // No socket in /tmp, where others could plant one of the same name.
        parameters.put("unix_socket_directories", "");
        // What is committed is on disk. Given on the command line, where no file overrides it.
        parameters.put("fsync", "on");
        parameters.put("synchronous_commit", "on");
        parameters.put("full_page_writes", "on");
        parameters.put("max_connections", "100");
        // How often dead rows of the queue are cleared away at most; a minute is the default, docs/operations.md has
        // the figures.
        parameters.put("autovacuum_naptime", "10s");
        parameters.put("timezone", "UTC");
        parameters.put("log_timezone", "UTC");
        // One file a weekday, each overwritten a week later.
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
            LOG.atWarn().setCause(e).log("lock of the data directory not released cleanly");
        }
    }
}
