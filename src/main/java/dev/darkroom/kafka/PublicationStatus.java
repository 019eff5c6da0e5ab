package dev.darkroom.kafka;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.vertx.core.json.JsonObject;
import java.util.concurrent.atomic.AtomicLong;

/** State of the publication as this process sees it, and its meters. Written on one event loop, read on any thread. */
public final class PublicationStatus implements MeterBinder {
    private volatile boolean publisher;
    private final AtomicLong publishedEvents = new AtomicLong();
    private final AtomicLong failures = new AtomicLong();
    private volatile String failure;
    private volatile EventOutboxStore.State outbox = new EventOutboxStore.State(false, 0, 0);

    /** Returns whether this process publishes. */
    public boolean publisher() {
        return publisher;
    }

    /** Number of events that this process has published. */
    public long publishedEvents() {
        return publishedEvents.get();
    }

    /** Number of failed batches and connections of this process. */
    public long failures() {
        return failures.get();
    }

    /** Number of events in the outbox, counted up to 100,000, as last read. */
    public long waitingEvents() {
        return outbox.waiting();
    }

    /** Age of the oldest event in the outbox in seconds, 0 without one, as last read. */
    public double oldestAgeSeconds() {
        return outbox.oldestAgeSeconds();
    }

    void publisher(boolean holdsLease) {
        publisher = holdsLease;
    }

    void outbox(EventOutboxStore.State state) {
        outbox = state;
    }

    void recordPublished(int events) {
        publishedEvents.addAndGet(events);
        failure = null;
    }

    void recordFailure(Throwable error) {
        failures.incrementAndGet();
        failure = error.toString();
    }

    @Override
    public void bindTo(MeterRegistry registry) {
        FunctionCounter.builder("darkroom.kafka.events.published", this, PublicationStatus::publishedEvents)
                .description("Events that this process published")
                .register(registry);
        FunctionCounter.builder("darkroom.kafka.failures", this, PublicationStatus::failures)
                .description("Failed connections and batches")
                .register(registry);
        Gauge.builder("darkroom.kafka.publisher", this, status -> status.publisher() ? 1 : 0)
                .description("1 while this process publishes")
                .register(registry);
        Gauge.builder("darkroom.kafka.outbox.events", this, PublicationStatus::waitingEvents)
                .description("Events that are not published yet, counted up to 100,000")
                .register(registry);
        Gauge.builder("darkroom.kafka.outbox.oldest", this, PublicationStatus::oldestAgeSeconds)
                .description("Age of the oldest event that is not published yet")
                .baseUnit("seconds")
                .register(registry);
    }

    /** Returns the state in the form of the OpenAPI contract. */
    public JsonObject toJson() {
        JsonObject json = new JsonObject()
                .put("publisher", publisher)
                .put("publishedEvents", publishedEvents.get())
                .put("failures", failures.get())
                .put("waitingEvents", waitingEvents())
                .put("oldestAgeSeconds", Math.round(oldestAgeSeconds()));
        String reason = failure;
        return reason == null ? json : json.put("reason", reason);
    }
}
