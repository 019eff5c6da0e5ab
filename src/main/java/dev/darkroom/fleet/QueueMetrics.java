package dev.darkroom.fleet;

import dev.darkroom.database.Database;
import dev.darkroom.fleet.QueueMeasurement.Queue;
import dev.darkroom.task.PeriodicTaskVerticle;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.ToDoubleFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Meters of the queues of the installation, from a periodic measurement. Reading them never waits for the database. Without a measurement
 * the values are not a number.
 */
public final class QueueMetrics implements MeterBinder {
    private static final Logger LOG = LoggerFactory.getLogger(QueueMetrics.class);
    private static final Duration INTERVAL = Duration.ofSeconds(10);
    private static final double MILLIS_PER_SECOND = 1_000;
    private static final double NANOS_PER_SECOND = 1e9;

    private final FleetStore store;
    private final LongSupplier nanoTime;
    private final long createdAt;
    private volatile Timed last;

    private record Timed(QueueMeasurement measurement, long at) {}

    /** @param nanoTime clock in nanoseconds, see {@link System#nanoTime()} */
    public QueueMetrics(Database database, LongSupplier nanoTime) {
        this.store = new FleetStore(database);
        this.nanoTime = nanoTime;
        this.createdAt = nanoTime.getAsLong();
    }

    public PeriodicTaskVerticle.Task task() {
        return new PeriodicTaskVerticle.Task(INTERVAL, stopped -> measure());
    }

    Future<?> measure() {
        long sentAt = nanoTime.getAsLong();
        return store.measureQueues()
                .onSuccess(measured -> last = new Timed(measured, sentAt))
                .onFailure(error ->
                        LOG.atDebug().addKeyValue("reason", error.getMessage()).log("queue measurement failed"));
    }

    @Override
    public void bindTo(MeterRegistry registry) {
        bind(
                registry,
                "darkroom.queue.generations",
                "darkroom.queue.oldest",
                "generation",
                QueueMeasurement::generations);
        bind(
                registry,
                "darkroom.webhook.queue.deliveries",
                "darkroom.webhook.queue.oldest",
                "delivery",
                QueueMeasurement::deliveries);
        Gauge.builder("darkroom.queue.measurement.age", this, QueueMetrics::ageSeconds)
                .description("Time since the last measurement of the queues")
                .baseUnit("seconds")
                .register(registry);
    }

    private void bind(
            MeterRegistry registry, String jobs, String oldest, String job, Function<QueueMeasurement, Queue> queue) {
        bindState(registry, jobs, "DUE", queue, Queue::due);
        bindState(registry, jobs, "DELAYED", queue, Queue::delayed);
        bindState(registry, jobs, "RUNNING", queue, Queue::running);
        Gauge.builder(
                        oldest,
                        this,
                        each -> each.read(queue, state -> state.oldestDue().toMillis() / MILLIS_PER_SECOND))
                .description("Time since the oldest due " + job + " became due")
                .baseUnit("seconds")
                .register(registry);
    }

    private void bindState(
            MeterRegistry registry,
            String jobs,
            String state,
            Function<QueueMeasurement, Queue> queue,
            ToDoubleFunction<Queue> count) {
        Gauge.builder(jobs, this, each -> each.read(queue, count))
                .description("Unfinished jobs by state")
                .tag("state", state)
                .register(registry);
    }

    private double read(Function<QueueMeasurement, Queue> queue, ToDoubleFunction<Queue> value) {
        Timed current = last;
        return current == null ? Double.NaN : value.applyAsDouble(queue.apply(current.measurement()));
    }

    private double ageSeconds() {
        Timed current = last;
        return (nanoTime.getAsLong() - (current == null ? createdAt : current.at())) / NANOS_PER_SECOND;
    }
}
