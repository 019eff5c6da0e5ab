package dev.darkroom.node;

import dev.darkroom.database.Database;
import io.vertx.core.Future;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Notices when the clock of the database steps, by comparing it with the monotonic clock of this process. All times of the
 * queue are the database's: after a step back nothing is due, after a step ahead everything has expired. So whoever decides by
 * them checks first, and a step is answered by an adjustment of the times before anything else is decided.
 *
 * <p>For one event loop. Every verticle that decides has one of its own.
 */
public final class DatabaseClock {
    private static final Logger LOG = LoggerFactory.getLogger(DatabaseClock.class);

    /** A smaller step is harmless: no lease and no deadline is shorter. Clocks that drift or are slewed stay far below it. */
    static final Duration TOLERANCE = Duration.ofSeconds(5);

    private static final String NOW = "SELECT clock_timestamp() AS now";

    private final Supplier<Future<OffsetDateTime>> reading;
    private final LongSupplier nanoClock;
    private final String noun;
    private final Function<Duration, Future<?>> adjustment;

    private OffsetDateTime last;
    private long lastSent;
    private long lastReceived;
    private Duration pending = Duration.ZERO;
    private long steps;
    private long steppedAt;
    private Future<Void> checking = Future.succeededFuture();

    /**
     * @param noun what is adjusted, for the log
     * @param adjustment given by how much the clock has stepped, negative for back; called again until it succeeds
     */
    public DatabaseClock(
            Database database, LongSupplier nanoClock, String noun, Function<Duration, Future<?>> adjustment) {
        this(() -> read(database), nanoClock, noun, adjustment);
    }

    /** @param reading the database's clock */
    public DatabaseClock(
            Supplier<Future<OffsetDateTime>> reading,
            LongSupplier nanoClock,
            String noun,
            Function<Duration, Future<?>> adjustment) {
        this.reading = reading;
        this.nanoClock = nanoClock;
        this.noun = noun;
        this.adjustment = adjustment;
    }

    /** The clock of the database, on a connection that does not queue behind work. */
    public static Future<OffsetDateTime> read(Database database) {
        return database.heartbeats()
                .query(NOW)
                .execute()
                .map(rows -> rows.iterator().next().getOffsetDateTime("now"));
    }

    /**
     * Compares the clocks, and adjusts what a step has made wrong. Completes when times can be relied on; fails when the
     * database cannot be asked or the adjustment fails, and the next check tries again.
     */
    public Future<Void> check() {
        if (!checking.isComplete()) {
            return checking;
        }
        long sent = nanoClock.getAsLong();
        checking = reading.get().compose(now -> {
            Duration step = step(now, sent, nanoClock.getAsLong());
            if (!step.isZero()) {
                pending = pending.plus(step);
                steps++;
                steppedAt = nanoClock.getAsLong();
                LOG.atError()
                        .addKeyValue("work", noun)
                        .addKeyValue("stepMs", step.toMillis())
                        .log("database clock stepped, times adjusted");
            }
            return pending.isZero() ? Future.succeededFuture() : adjust();
        });
        return checking;
    }

    private Future<Void> adjust() {
        Duration step = pending;
        return adjustment
                .apply(step)
                .onSuccess(done -> pending = pending.minus(step))
                .mapEmpty();
    }

    /** How far the clock is beside the range in which it can be; zero within the tolerance. */
    private Duration step(OffsetDateTime now, long sent, long received) {
        Duration step = Duration.ZERO;
        if (last != null) {
            // Each reading was taken somewhere between its question and its answer.
            OffsetDateTime earliest = last.plusNanos(sent - lastReceived);
            OffsetDateTime latest = last.plusNanos(received - lastSent);
            if (now.isBefore(earliest.minus(TOLERANCE))) {
                step = Duration.between(earliest, now);
            } else if (now.isAfter(latest.plus(TOLERANCE))) {
                step = Duration.between(latest, now);
            }
        }
        last = now;
        lastSent = sent;
        lastReceived = received;
        return step;
    }

    /** Whether the last step, if there was one, is at least so long ago. */
    public boolean settledFor(Duration time) {
        return steps == 0 || nanoClock.getAsLong() - steppedAt >= time.toNanos();
    }

    /** How many steps were noticed. */
    public long steps() {
        return steps;
    }
}
