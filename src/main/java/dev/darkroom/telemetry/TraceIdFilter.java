package dev.darkroom.telemetry;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.filter.Filter;
import ch.qos.logback.core.spi.FilterReply;
import java.util.List;
import org.slf4j.event.KeyValuePair;

/**
 * Adds {@code traceId} and {@code spanId} to log lines about a traced request, generation or delivery. Accepts every line. The
 * configuration of Logback names this class.
 */
public final class TraceIdFilter extends Filter<ILoggingEvent> {
    private static final String TRACE_ID = "traceId";

    @Override
    public FilterReply decide(ILoggingEvent event) {
        if (!LoggedSpans.isEmpty() && event.getKeyValuePairs() != null && event instanceof LoggingEvent line) {
            TraceSpan span = findSpan(event.getKeyValuePairs());
            // Every appender has a filter, and the event is the same.
            if (span != null && event.getKeyValuePairs().stream().noneMatch(value -> value.key.equals(TRACE_ID))) {
                line.addKeyValuePair(new KeyValuePair(TRACE_ID, span.traceId()));
                line.addKeyValuePair(new KeyValuePair("spanId", span.spanId()));
            }
        }
        return FilterReply.NEUTRAL;
    }

    private static TraceSpan findSpan(List<KeyValuePair> values) {
        for (String key : LoggedSpans.KEYS) {
            for (KeyValuePair value : values) {
                TraceSpan span = value.key.equals(key) ? LoggedSpans.find(key, String.valueOf(value.value)) : null;
                if (span != null) {
                    return span;
                }
            }
        }
        return null;
    }
}
