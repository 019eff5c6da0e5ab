package dev.darkroom.database.embedded;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.Settings;
import dev.darkroom.database.DatabaseException;

/**
 * The database that the settings select, for command-line programs. With {@code database.url} the configured server. Otherwise the
 * embedded database: that of a running server, or one started until this object is closed. Creates no database. Blocking.
 *
 * @param embedded null unless the embedded database was started for this object
 */
public record AttachedDatabase(DatabaseUrl url, EmbeddedDatabase embedded) implements AutoCloseable {
    /** @throws DatabaseException with a message of one line when no database exists yet or it cannot be started */
    public static AttachedDatabase open(Settings settings) {
        if (settings.database().unpooledUrl() != null) {
            return new AttachedDatabase(settings.database().unpooledUrl(), null);
        }
        return EmbeddedDatabase.findRunning(settings.dataDir())
                .map(running -> new AttachedDatabase(running, null))
                .orElseGet(() -> start(settings));
    }

    private static AttachedDatabase start(Settings settings) {
        if (!EmbeddedDatabase.exists(settings.dataDir())) {
            throw new DatabaseException("there is no database in data directory " + settings.dataDir()
                    + " yet; DARKROOM_DATA_DIR or DARKROOM_DATABASE_URL name another");
        }
        EmbeddedDatabase started = EmbeddedDatabase.start(settings.dataDir());
        return new AttachedDatabase(started.url(), started);
    }

    /** Stops the embedded server if {@link #open} started it. */
    @Override
    public void close() {
        if (embedded != null) {
            embedded.close();
        }
    }
}
