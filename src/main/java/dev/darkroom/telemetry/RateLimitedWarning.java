package dev.darkroom.telemetry;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;

/** Warning that others can cause at will. Logged at most once a minute, with the number of occurrences. Thread-safe. */
public final class RateLimitedWarning {
    private static final long INTERVAL_NANOS = TimeUnit.MINUTES.toNanos(1);

    private final Logger logger;
    private final String message;
    private final AtomicLong count = new AtomicLong();
    private final AtomicLong nextLogNanos = new AtomicLong(System.nanoTime());

    public RateLimitedWarning(Logger logger, String message) {
        this.logger = logger;
        this.message = message;
    }

    /** Logs now, or counts the occurrence for the next log line. {@code key} and {@code value} describe the occurrence. */
    public void log(String key, Object value) {
        count.incrementAndGet();
        long now = System.nanoTime();
        long notBefore = nextLogNanos.get();
        if (now - notBefore >= 0 && nextLogNanos.compareAndSet(notBefore, now + INTERVAL_NANOS)) {
            logger.atWarn()
                    .addKeyValue("count", count.getAndSet(0))
                    .addKeyValue(key, value)
                    .log(message);
        }
    }
}
