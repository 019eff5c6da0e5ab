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

    private static final String READ_CLOCK = "SELECT clock_timestamp() AS now";

    private final Supplier<Future<OffsetDateTime>> clockReader;
    private final LongSupplier nanoClock;
    private final String jobName;
    private final Function<Duration, Future<?>> adjustment;

    private OffsetDateTime lastReading;
    private long lastSent;
    private long lastReceived;
    private Duration pendingStep = Duration.ZERO;
    private long stepCount;
    private long steppedAt;
    private Future<Void> currentCheck = Future.succeededFuture();

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
        this.clockReader = reading;
        this.nanoClock = nanoClock;
        this.jobName = noun;
        this.adjustment = adjustment;
    }

    /** The clock of the database, on a connection that does not queue behind work. */
    public static Future<OffsetDateTime> read(Database database) {
        return database.heartbeats()
                .query(READ_CLOCK)
                .execute()
                .map(rows -> rows.iterator().next().getOffsetDateTime("now"));
    }

    /**
     * Compares the clocks, and adjusts what a step has made wrong. Completes when times can be relied on; fails when the
     * database cannot be asked or the adjustment fails, and the next check tries again.
     */
    public Future<Void> check() {
        if (!currentCheck.isComplete()) {
            return currentCheck;
        }
        long sent = nanoClock.getAsLong();
        currentCheck = clockReader.get().compose(now -> {
            Duration step = detectStep(now, sent, nanoClock.getAsLong());
            if (!step.isZero()) {
                pendingStep = pendingStep.plus(step);
                stepCount++;
                steppedAt = nanoClock.getAsLong();
                LOG.atError()
                        .addKeyValue("work", jobName)
                        .addKeyValue("stepMs", step.toMillis())
                        .log("database clock stepped, times adjusted");
            }
            return pendingStep.isZero() ? Future.succeededFuture() : applyAdjustment();
        });
        return currentCheck;
    }

    private Future<Void> applyAdjustment() {
        Duration step = pendingStep;
        return adjustment
                .apply(step)
                .onSuccess(done -> pendingStep = pendingStep.minus(step))
                .mapEmpty();
    }

    /** How far the clock is beside the range in which it can be; zero within the tolerance. */
    private Duration detectStep(OffsetDateTime now, long sent, long received) {
        Duration step = Duration.ZERO;
        if (lastReading != null) {
            // Each reading was taken somewhere between its question and its answer.
            OffsetDateTime earliest = lastReading.plusNanos(sent - lastReceived);
            OffsetDateTime latest = lastReading.plusNanos(received - lastSent);
            if (now.isBefore(earliest.minus(TOLERANCE))) {
                step = Duration.between(earliest, now);
            } else if (now.isAfter(latest.plus(TOLERANCE))) {
                step = Duration.between(latest, now);
            }
        }
        lastReading = now;
        lastSent = sent;
        lastReceived = received;
        return step;
    }

    /** Whether the last step, if there was one, is at least so long ago. */
    public boolean isStableFor(Duration time) {
        return stepCount == 0 || nanoClock.getAsLong() - steppedAt >= time.toNanos();
    }

    /** How many steps were noticed. */
    public long stepCount() {
        return stepCount;
    }
}
