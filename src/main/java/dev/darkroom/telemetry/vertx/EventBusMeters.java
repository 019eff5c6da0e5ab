package dev.darkroom.telemetry.vertx;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.vertx.core.eventbus.Message;
import io.vertx.core.eventbus.ReplyFailure;
import io.vertx.core.spi.metrics.EventBusMetrics;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/** Meters of the event bus, by address. Recording allocates nothing once an address is known. Thread-safe. */
final class EventBusMeters implements EventBusMetrics<EventBusMeters.Address> {
    private static final String NAME = "vertx.eventbus.";

    /** Addresses of replies begin with this. Each reply has its own. */
    private static final String INTERNAL = "__vertx.";

    private final MeterRegistry registry;
    private final Map<String, Address> addresses = new ConcurrentHashMap<>();

    EventBusMeters(MeterRegistry registry) {
        this.registry = registry;
    }

    /** Meters of one address. */
    static final class Address {
        private final LongAdder handlers = new LongAdder();
        private final LongAdder pending = new LongAdder();
        private final Counter sent;
        private final Counter published;
        private final Counter received;
        private final Counter processed;
        private final Counter discarded;

        Address(MeterRegistry registry, String address) {
            Tags tags = Tags.of("address", address);
            gauge(registry, tags, "handlers", "Registered handlers", handlers);
            gauge(registry, tags, "pending", "Received messages that wait for their handler", pending);
            sent = counter(registry, tags, "sent", "Messages sent to one handler");
            published = counter(registry, tags, "published", "Messages sent to all handlers");
            received = counter(registry, tags, "received", "Messages received");
            processed = counter(registry, tags, "processed", "Messages handled");
            discarded = counter(registry, tags, "discarded", "Messages not handled");
        }

        private static void gauge(MeterRegistry registry, Tags tags, String name, String description, LongAdder value) {
            Gauge.builder(NAME + name, value, LongAdder::sum)
                    .description(description)
                    .tags(tags)
                    .register(registry);
        }

        private static Counter counter(MeterRegistry registry, Tags tags, String name, String description) {
            return Counter.builder(NAME + name)
                    .description(description)
                    .tags(tags)
                    .register(registry);
        }
    }

    /** Returns null for the address of a reply. */
    private Address find(String address) {
        if (address.startsWith(INTERNAL)) {
            return null;
        }
        Address known = addresses.get(address);
        return known == null ? addresses.computeIfAbsent(address, name -> new Address(registry, name)) : known;
    }

    @Override
    public Address handlerRegistered(String address) {
        Address found = find(address);
        if (found != null) {
            found.handlers.increment();
        }
        return found;
    }

    @Override
    public void handlerUnregistered(Address address) {
        if (address != null) {
            address.handlers.decrement();
        }
    }

    @Override
    public void messageSent(String address, boolean publish, boolean local, boolean remote) {
        Address found = find(address);
        if (found != null) {
            (publish ? found.published : found.sent).increment();
        }
    }

    @Override
    public void messageReceived(String address, boolean publish, boolean local, int handlers) {
        Address found = find(address);
        if (found != null) {
            found.received.increment();
            found.pending.add(handlers);
        }
    }

    @Override
    public void messageDelivered(Address address, boolean local) {
        if (address != null) {
            address.pending.decrement();
            address.processed.increment();
        }
    }

    @Override
    public void discardMessage(Address address, boolean local, Message<?> message) {
        if (address != null) {
            address.pending.decrement();
            address.discarded.increment();
        }
    }

    @Override
    public void replyFailure(String address, ReplyFailure failure) {
        if (!address.startsWith(INTERNAL)) {
            Counter.builder(NAME + "reply.failures")
                    .description("Requests without a reply")
                    .tags(Tags.of("address", address, "failure", failure.name()))
                    .register(registry)
                    .increment();
        }
    }
}
