package dev.darkroom.notification.stream;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.Optional;
import java.util.function.Function;

/** Meters of the notifications that a hub sends. Thread-safe. */
public final class NotificationStreamMetrics {
    private final Function<OffsetDateTime, Optional<Duration>> age;
    private final Timer opened;
    private final Timer delivered;
    private final Counter foundBySignal;
    private final Counter foundByPoll;

    /** @param age returns the time since a timestamp of the database; empty while it is unknown */
    public NotificationStreamMetrics(MeterRegistry registry, Function<OffsetDateTime, Optional<Duration>> age) {
        this.age = age;
        this.opened = Timer.builder("darkroom.stream.open")
                .description("Time from the subscription of a notification stream to its first frame")
                .register(registry);
        this.delivered = Timer.builder("darkroom.notification.delivery")
                .description("Time from the insert of a notification to its write to an open stream")
                .register(registry);
        this.foundBySignal = found(registry, "SIGNAL");
        this.foundByPoll = found(registry, "POLL");
    }

    private static Counter found(MeterRegistry registry, String trigger) {
        return Counter.builder("darkroom.notifications.found")
                .description("Notifications read for open streams")
                .tag("trigger", trigger)
                .register(registry);
    }

    void recordOpened(Duration time) {
        opened.record(time);
    }

    /** @param createdAt time of the insert by the database clock */
    void recordDelivered(OffsetDateTime createdAt) {
        age.apply(createdAt).ifPresent(delivered::record);
    }

    void recordFound(int count, boolean byPoll) {
        (byPoll ? foundByPoll : foundBySignal).increment(count);
    }
}
