package dev.darkroom.database;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.Settings;

/**
 * The database that the settings mean, for programs that run beside the service: the one that they name, or the embedded one
 * of a service that runs, or else the embedded one started for as long as this is open. None is made. Blocking.
 */
public final class JoinedDatabase implements AutoCloseable {
    private final DatabaseUrl url;
    private final EmbeddedDatabase started;

    private JoinedDatabase(DatabaseUrl url, EmbeddedDatabase started) {
        this.url = url;
        this.started = started;
    }

    /** @throws DatabaseException in one line when there is none yet, or it cannot be started */
    public static JoinedDatabase open(Settings settings) {
        if (settings.database().server() != null) {
            return new JoinedDatabase(settings.database().server(), null);
        }
        return EmbeddedDatabase.running(settings.dataDir())
                .map(running -> new JoinedDatabase(running, null))
                .orElseGet(() -> start(settings));
    }

    private static JoinedDatabase start(Settings settings) {
        if (!EmbeddedDatabase.exists(settings.dataDir())) {
            throw new DatabaseException("there is no database in data directory " + settings.dataDir()
                    + " yet; DARKROOM_DATA_DIR or DARKROOM_DATABASE_URL name another");
        }
        EmbeddedDatabase started = EmbeddedDatabase.start(settings.dataDir());
        return new JoinedDatabase(started.url(), started);
    }

    public DatabaseUrl url() {
        return url;
    }

    /** Stops the server if it was started for us. */
    @Override
    public void close() {
        if (started != null) {
            started.close();
        }
    }
}
