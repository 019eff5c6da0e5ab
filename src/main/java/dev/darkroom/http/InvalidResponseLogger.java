package dev.darkroom.http;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Ticker;
import dev.darkroom.http.egress.OutboundUrl;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Logs answers that are no valid HTTP, at most one per server and minute: the servers are not ours. Thread-safe. */
final class InvalidResponseLogger {
    private static final Logger LOG = LoggerFactory.getLogger(InvalidResponseLogger.class);
    private static final Duration PERIOD = Duration.ofMinutes(1);
    private static final int MAX_SERVERS = 10_000;

    private final Cache<String, Boolean> logged;

    InvalidResponseLogger(Ticker ticker) {
        this.logged = Caffeine.newBuilder()
                .expireAfterWrite(PERIOD)
                .maximumSize(MAX_SERVERS)
                .ticker(ticker)
                .build();
    }

    /**
     * Logs an answer.
     *
     * @return whether it was logged
     */
    boolean log(OutboundUrl url, Throwable reason) {
        if (logged.asMap().putIfAbsent(url.origin(), true) != null) {
            return false;
        }
        LOG.atWarn()
                .addKeyValue("server", url.origin())
                .addKeyValue("reason", reason.toString())
                .log("answer refused");
        return true;
    }
}
