package dev.darkroom.http;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Ticker;
import dev.darkroom.http.egress.OutboundUrl;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Logs responses that are not valid HTTP, at most one per server and minute, since users choose the servers. Thread-safe. */
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
     * Logs an invalid response.
     *
     * @return false when the limit suppressed the log message
     */
    boolean log(OutboundUrl url, Throwable reason) {
        if (logged.asMap().putIfAbsent(url.origin(), true) != null) {
            return false;
        }
        LOG.atWarn()
                .addKeyValue("server", url.origin())
                .addKeyValue("reason", reason.toString())
                .log("invalid response rejected");
        return true;
    }
}
