package dev.darkroom.api.transport;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Warning that clients can cause at will. Logged at most once a minute, with the number of occurrences. Thread-safe. */
final class RateLimitedWarning {
    private static final Logger LOG = LoggerFactory.getLogger("dev.darkroom.api.transport");
    private static final long INTERVAL_NANOS = TimeUnit.MINUTES.toNanos(1);

    private final String message;
    private final AtomicLong count = new AtomicLong();
    private final AtomicLong nextLogNanos = new AtomicLong(System.nanoTime());

    RateLimitedWarning(String message) {
        this.message = message;
    }

    /** Logs now, or counts the occurrence for the next log line. {@code key} and {@code value} describe the occurrence. */
    void log(String key, Object value) {
        count.incrementAndGet();
        long now = System.nanoTime();
        long notBefore = nextLogNanos.get();
        if (now - notBefore >= 0 && nextLogNanos.compareAndSet(notBefore, now + INTERVAL_NANOS)) {
            LOG.atWarn()
                    .addKeyValue("count", count.getAndSet(0))
                    .addKeyValue(key, value)
                    .log(message);
        }
    }
}
