package dev.darkroom.api.transport;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A warning that others can cause at will: logged once a minute at most, with the number of times it was due. Thread-safe. */
final class RateLimitedWarning {
    private static final Logger LOG = LoggerFactory.getLogger("dev.darkroom.api.transport");
    private static final long INTERVAL_NANOS = TimeUnit.MINUTES.toNanos(1);

    private final String message;
    private final AtomicLong count = new AtomicLong();
    private final AtomicLong nextLogNanos = new AtomicLong(System.nanoTime());

    RateLimitedWarning(String text) {
        this.message = text;
    }

    /** Logs now or counts for the next time; {@code key} and {@code value} describe this occurrence. */
    void log(String key, Object value) {
        count.incrementAndGet();
        long now = System.nanoTime();
        long due = nextLogNanos.get();
        if (now - due >= 0 && nextLogNanos.compareAndSet(due, now + INTERVAL_NANOS)) {
            LOG.atWarn()
                    .addKeyValue("count", count.getAndSet(0))
                    .addKeyValue(key, value)
                    .log(message);
        }
    }
}
