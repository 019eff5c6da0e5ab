package dev.darkroom.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.spi.FilterReply;
import dev.darkroom.config.Secret;
import dev.darkroom.config.TracingSettings;
import io.vertx.core.MultiMap;
import java.net.URI;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.slf4j.event.KeyValuePair;

class TraceIdFilterTest {
    private final Tracing tracing = Tracing.create(
            new TracingSettings(URI.create("http://127.0.0.1:1"), Secret.NONE, 0, true, "darkroom"), "1", "process");
    private final TraceIdFilter filter = new TraceIdFilter();

    @AfterEach
    void close() {
        tracing.close();
    }

    private static LoggingEvent line(KeyValuePair... values) {
        LoggingEvent line = new LoggingEvent();
        List.of(values).forEach(line::addKeyValuePair);
        return line;
    }

    private TraceSpan start() {
        return tracing.startRequest(MultiMap.caseInsensitiveMultiMap(), "GET");
    }

    @Test
    void addsIdsOfTheRunningSpanOnce() {
        // given
        UUID generation = UUID.randomUUID();
        TraceSpan span = start().logWith("generation", generation);
        LoggingEvent line = line(new KeyValuePair("generation", generation));

        // when two appenders get the line
        assertThat(filter.decide(line)).isEqualTo(FilterReply.NEUTRAL);
        filter.decide(line);

        // then
        assertThat(line.getKeyValuePairs())
                .containsExactly(
                        new KeyValuePair("generation", generation),
                        new KeyValuePair("traceId", span.traceId()),
                        new KeyValuePair("spanId", span.spanId()));
        span.end();
    }

    @Test
    void prefersTheRequestAndForgetsEndedSpans() {
        // given
        UUID generation = UUID.randomUUID();
        TraceSpan attempt = start().logWith("generation", generation);
        TraceSpan request = start().logWith("requestId", "r-1");

        // when
        LoggingEvent both = line(new KeyValuePair("generation", generation), new KeyValuePair("requestId", "r-1"));
        filter.decide(both);
        request.end();
        attempt.fail("TIMED_OUT");
        LoggingEvent later = line(new KeyValuePair("generation", generation), new KeyValuePair("requestId", "r-1"));
        filter.decide(later);

        // then
        assertThat(both.getKeyValuePairs()).contains(new KeyValuePair("spanId", request.spanId()));
        assertThat(later.getKeyValuePairs()).hasSize(2);
    }
}
