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
 * Detects steps of the database clock by comparing it with the monotonic clock of this process. All timestamps of a queue come from
 * the database: after a step back nothing is due, after a step ahead everything has expired. So a verticle calls {@link #check} before
 * it decides by timestamps, and a step leads to an adjustment of the timestamps first.
 *
 * <p>Belongs to one event loop. Every verticle that decides by timestamps has its own instance.
 */
public final class DatabaseClock {
    private static final Logger LOG = LoggerFactory.getLogger(DatabaseClock.class);

    /** A smaller step is harmless, because no lease and no deadline is shorter. Clock drift and slewing stay far below it. */
    static final Duration TOLERANCE = Duration.ofSeconds(5);

    private static final String READ_CLOCK = "SELECT clock_timestamp() AS now";

    private final Supplier<Future<OffsetDateTime>> clockReader;
    private final LongSupplier nanoClock;
    private final String scope;
    private final Function<Duration, Future<?>> adjustment;

    private OffsetDateTime lastReading;
    private long lastSent;
    private long lastReceived;
    private Duration pendingStep = Duration.ZERO;
    private long stepCount;
    private long steppedAt;
    private Future<Void> currentCheck = Future.succeededFuture();

    /**
     * @param nanoClock monotonic, in nanoseconds
     * @param scope kind of rows to adjust, for the log
     * @param adjustment receives the size of the step, negative for a step back; called again until it succeeds
     */
    public DatabaseClock(
            Database database, LongSupplier nanoClock, String scope, Function<Duration, Future<?>> adjustment) {
        this(() -> read(database), nanoClock, scope, adjustment);
    }

    /** @param clockReader reads the database clock */
    public DatabaseClock(
            Supplier<Future<OffsetDateTime>> clockReader,
            LongSupplier nanoClock,
            String scope,
            Function<Duration, Future<?>> adjustment) {
        this.clockReader = clockReader;
        this.nanoClock = nanoClock;
        this.scope = scope;
        this.adjustment = adjustment;
    }

    /** Reads the database clock on the heartbeat connections, which do not queue behind other statements. */
    public static Future<OffsetDateTime> read(Database database) {
        return database.heartbeats()
                .query(READ_CLOCK)
                .execute()
                .map(rows -> rows.iterator().next().getOffsetDateTime("now"));
    }

    /**
     * Compares the clocks and runs the adjustment after a step. Completes when the timestamps are reliable. Fails when the database is
     * unavailable or the adjustment fails; the next check retries.
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
                        .addKeyValue("scope", scope)
                        .addKeyValue("stepMs", step.toMillis())
                        .log("database clock stepped, adjusting times");
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

    /** Returns the distance of a reading from the range of possible values; zero within the tolerance. */
    private Duration detectStep(OffsetDateTime now, long sent, long received) {
        Duration step = Duration.ZERO;
        if (lastReading != null) {
            // Each reading was taken at some time between its request and its response.
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

    /** Returns whether no step was detected within the last {@code time}. */
    public boolean isStableFor(Duration time) {
        return stepCount == 0 || nanoClock.getAsLong() - steppedAt >= time.toNanos();
    }

    /** Number of steps detected so far. */
    public long stepCount() {
        return stepCount;
    }
}
