package dev.darkroom.node;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.time.Duration;
import java.util.function.Predicate;

/** Meters of the node of a process. */
public record NodeMetrics(LocalNode localNode) implements MeterBinder {
    private static final double MILLIS_PER_SECOND = 1_000;

    @Override
    public void bindTo(MeterRegistry registry) {
        Gauge.builder("darkroom.node.heartbeat.age", localNode, NodeMetrics::heartbeatAgeSeconds)
                .description("Time since the last successful heartbeat was sent")
                .baseUnit("seconds")
                .register(registry);
        gauge(
                registry,
                "darkroom.node.valid",
                "1 while the process may run attempts",
                node -> node.validId().isPresent());
        gauge(registry, "darkroom.node.draining", "1 after the stop has begun", LocalNode::draining);
        gauge(
                registry,
                "darkroom.database.clock.stable",
                "0 after a step of the database clock",
                LocalNode::clockStable);
        FunctionCounter.builder("darkroom.node.identity.losses", localNode, LocalNode::identityLosses)
                .description("Times that the node expired and its attempts were aborted")
                .register(registry);
        FunctionCounter.builder("darkroom.node.rejected.results", localNode, LocalNode::rejectedResults)
                .description("Results that were not stored, because the lease was lost")
                .register(registry);
    }

    private void gauge(MeterRegistry registry, String name, String description, Predicate<LocalNode> state) {
        Gauge.builder(name, localNode, node -> state.test(node) ? 1 : 0)
                .description(description)
                .register(registry);
    }

    private static double heartbeatAgeSeconds(LocalNode localNode) {
        return localNode.heartbeatAge().map(Duration::toMillis).orElse(0L) / MILLIS_PER_SECOND;
    }
}
