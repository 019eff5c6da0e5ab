package dev.darkroom.database.embedded;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.Secret;
import dev.darkroom.testing.StoppablePostgres;
import dev.darkroom.testing.TestDirectories;
import dev.darkroom.testing.TestPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** A stoppable cluster of the embedded PostgreSQL with its production parameters. */
public final class StoppableEmbeddedPostgres implements StoppablePostgres {
    private final Path directory;
    private final PostgresServer server;
    private final DatabaseUrl url;

    private StoppableEmbeddedPostgres(Path directory, PostgresServer server, DatabaseUrl url) {
        this.directory = directory;
        this.server = server;
        this.url = url;
    }

    /** Creates a cluster in a directory that does not exist yet, and starts it. */
    public static StoppableEmbeddedPostgres create(Path directory) {
        DatabaseUrl created;
        try (EmbeddedDatabase database = EmbeddedDatabase.start(directory, TestPostgres.BINARIES)) {
            created = database.url();
        }
        try {
            PostgresServer server = new PostgresServer(
                    PostgresBinaries.unpack(TestPostgres.BINARIES),
                    directory.toRealPath().resolve("postgres"));
            StoppableEmbeddedPostgres cluster = new StoppableEmbeddedPostgres(
                    directory,
                    server,
                    new DatabaseUrl(
                            created.host(),
                            StoppablePostgres.reservePort(),
                            created.database(),
                            created.user(),
                            created.password()));
            cluster.restart();
            return cluster;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public DatabaseUrl url() {
        return url;
    }

    @Override
    public void stop(Mode mode) {
        try {
            server.stop(mode == Mode.FAST ? "fast" : "immediate");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void restart() {
        restart(Map.of());
    }

    /** Starts the server with additional parameters. */
    public void restart(Map<String, String> additional) {
        Map<String, String> parameters = new LinkedHashMap<>(EmbeddedDatabase.serverParameters(url.port()));
        parameters.putAll(additional);
        try {
            server.start(parameters);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns the URL with the superuser. */
    public DatabaseUrl superuser() {
        try {
            String password = Files.readString(directory.resolve("postgres/superuser-password"))
                    .strip();
            return new DatabaseUrl(url.host(), url.port(), url.database(), "postgres", new Secret(password));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        stop(Mode.IMMEDIATE);
        TestDirectories.delete(directory);
    }
}
