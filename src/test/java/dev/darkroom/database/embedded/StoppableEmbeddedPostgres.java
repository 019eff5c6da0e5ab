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

/** A cluster of the embedded PostgreSQL, with the parameters that operators get. */
public final class StoppableEmbeddedPostgres implements StoppablePostgres {
    private final Path directory;
    private final PostgresServer server;
    private final DatabaseUrl url;

    private StoppableEmbeddedPostgres(Path directory, PostgresServer server, DatabaseUrl url) {
        this.directory = directory;
        this.server = server;
        this.url = url;
    }

    /** Makes and starts one in a directory that does not exist yet. */
    public static StoppableEmbeddedPostgres create(Path directory) {
        DatabaseUrl made;
        try (EmbeddedDatabase database = EmbeddedDatabase.start(directory, TestPostgres.BINARIES)) {
            made = database.url();
        }
        try {
            PostgresServer server = new PostgresServer(
                    PostgresBinaries.unpack(TestPostgres.BINARIES),
                    directory.toRealPath().resolve("postgres"));
            StoppableEmbeddedPostgres cluster = new StoppableEmbeddedPostgres(
                    directory,
                    server,
                    new DatabaseUrl(
                            made.host(),
                            StoppablePostgres.reservePort(),
                            made.database(),
                            made.user(),
                            made.password()));
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
        startAgain(Map.of());
    }

    /** Starts it with further parameters. */
    public void startAgain(Map<String, String> further) {
        Map<String, String> parameters = new LinkedHashMap<>(EmbeddedDatabase.serverParameters(url.port()));
        parameters.putAll(further);
        try {
            server.start(parameters);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** How to connect as superuser. */
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
