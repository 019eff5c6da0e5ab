package dev.darkroom.database;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.Settings;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Repeats the first uses of PostgreSQL during the start of a process, which may start before PostgreSQL does. Blocks the thread that
 * starts the process.
 */
public final class DatabaseStartup {
    private static final Logger LOG = LoggerFactory.getLogger(DatabaseStartup.class);
    private static final Duration FIRST_DELAY = Duration.ofMillis(500);
    private static final Duration MAX_DELAY = Duration.ofSeconds(5);

    private final Duration timeout;
    private final Predicate<Duration> stopSignal;

    /** @param stopSignal waits for the signal that stops the process, at most for the duration; returns whether it has arrived */
    public DatabaseStartup(Settings.Database settings, Predicate<Duration> stopSignal) {
        this.timeout = settings.startTimeout();
        this.stopSignal = stopSignal;
    }

    /** Returns an instance that no signal interrupts. */
    static DatabaseStartup uninterrupted(Settings.Database settings) {
        return new DatabaseStartup(settings, delay -> {
            LockSupport.parkNanos(delay.toNanos());
            return false;
        });
    }

    /** A use of the database. */
    interface Attempt<T> {
        T run() throws Exception;
    }

    /** Waits until each pool has a connection that responds, since a new connection may be slow as well. */
    public void awaitPools(Database database, DatabaseUrl url) {
        try {
            retry(() -> database.pingPools().await(), DatabaseErrorClassifier::isUnavailable);
        } catch (DatabaseException e) {
            throw new DatabaseException(
                    "the database " + url.describe() + " cannot be used: " + e.getMessage(), e.getCause());
        }
    }

    /**
     * Runs an attempt until it succeeds. Stops after {@code database.startTimeout}, a signal, or a failure that is not temporary.
     *
     * @throws DatabaseException with the failure of the last attempt as cause
     */
    <T> T retry(Attempt<T> attempt, Predicate<Exception> temporary) {
        long deadline = System.nanoTime() + timeout.toNanos();
        Duration delay = FIRST_DELAY;
        while (true) {
            try {
                return attempt.run();
            } catch (Exception e) {
                String reason = JdbcConnectionFactory.singleLineMessage(e);
                if (!temporary.test(e) || System.nanoTime() - deadline > 0) {
                    throw new DatabaseException(reason, e);
                }
                LOG.atInfo().addKeyValue("reason", reason).log("database not available, retry scheduled");
                if (stopSignal.test(delay)) {
                    throw new DatabaseException(reason, e);
                }
            }
            Duration longer = delay.plus(FIRST_DELAY);
            delay = longer.compareTo(MAX_DELAY) < 0 ? longer : MAX_DELAY;
        }
    }
}
