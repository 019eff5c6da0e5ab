package dev.darkroom.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.Secret;
import dev.darkroom.config.TracingSettings;
import dev.darkroom.testing.SpanReceiver;
import dev.darkroom.testing.SpanReceiver.ReceivedSpan;
import io.vertx.core.MultiMap;
import java.net.URI;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TracingTest {
    private static final String TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
    private static final String SAMPLED = "00-" + TRACE_ID + "-b7ad6b7169203331-01";
    private static final String NOT_SAMPLED = "00-" + TRACE_ID + "-b7ad6b7169203331-00";

    private final SpanReceiver receiver = new SpanReceiver();

    @AfterEach
    void close() {
        receiver.close();
    }

    private Tracing tracing(double samplingRatio, boolean trustCallers) {
        return Tracing.create(
                new TracingSettings(receiver.endpoint(), Secret.NONE, samplingRatio, trustCallers, "darkroom"),
                "1",
                "process");
    }

    private static MultiMap headers(String... traceparents) {
        MultiMap headers = MultiMap.caseInsensitiveMultiMap();
        for (String traceparent : traceparents) {
            headers.add(TraceContext.TRACEPARENT, traceparent);
        }
        return headers;
    }

    private static Map<String, String> inject(TraceSpan span) {
        Map<String, String> headers = new HashMap<>();
        span.inject(headers::put);
        return headers;
    }

    /** Ends a span, closes the tracing and returns the exported spans. */
    private List<ReceivedSpan> export(Tracing tracing, TraceSpan span) {
        span.end();
        tracing.close();
        return receiver.spans();
    }

    @Test
    void continuesTraceOfCaller() {
        // given
        Tracing tracing = tracing(0, true);

        // when
        TraceSpan request = tracing.startRequest(headers(SAMPLED).add(TraceContext.TRACESTATE, "a=1"), "GET");
        Map<String, String> propagated = inject(request);

        // then the flag of the caller decides and not the ratio
        assertThat(export(tracing, request)).singleElement().satisfies(span -> {
            assertThat(span.traceId()).isEqualTo(TRACE_ID);
            assertThat(span.parentId()).isEqualTo("b7ad6b7169203331");
            assertThat(span.instance()).isEqualTo("process");
            assertThat(propagated)
                    .containsOnly(
                            Map.entry("traceparent", "00-" + TRACE_ID + "-" + span.id() + "-01"),
                            Map.entry("tracestate", "a=1"));
        });
    }

    @Test
    void propagatesWithoutRecording() {
        // given
        Tracing tracing = tracing(1, true);

        // when
        TraceSpan request = tracing.startRequest(headers(NOT_SAMPLED), "GET");
        TraceSpan attempt = tracing.resume(request.context(), SpanType.GENERATION_ATTEMPT);
        Map<String, String> propagated = inject(attempt);
        attempt.end();

        // then
        assertThat(export(tracing, request)).isEmpty();
        assertThat(propagated.get("traceparent"))
                .startsWith("00-" + TRACE_ID + "-")
                .endsWith("-00");
    }

    @Test
    void ratioOfZeroRecordsNothingAndPropagates() {
        // given
        Tracing tracing = tracing(0, true);

        // when
        TraceSpan request = tracing.startRequest(MultiMap.caseInsensitiveMultiMap(), "GET");
        Map<String, String> propagated = inject(request);

        // then
        assertThat(export(tracing, request)).isEmpty();
        assertThat(propagated.get("traceparent")).matches("00-[0-9a-f]{32}-[0-9a-f]{16}-0[02]");
    }

    @Test
    void untrustedCallerGetsTraceOfItsOwn() {
        // given
        Tracing tracing = tracing(1, false);

        // when
        TraceSpan request = tracing.startRequest(headers(SAMPLED), "GET");

        // then
        assertThat(export(tracing, request)).singleElement().satisfies(span -> {
            assertThat(span.traceId()).isNotEqualTo(TRACE_ID);
            assertThat(span.parentId()).isEmpty();
            assertThat(span.linkedTraceIds()).containsExactly(TRACE_ID);
        });
    }

    @Test
    void untrustedCallerCannotCauseSpans() {
        // given
        Tracing tracing = tracing(0, false);

        // when
        TraceSpan request = tracing.startRequest(headers(SAMPLED), "GET");

        // then
        assertThat(export(tracing, request)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "x",
                "00-" + TRACE_ID + "-b7ad6b7169203331",
                "00-00000000000000000000000000000000-b7ad6b7169203331-01",
                "00-" + TRACE_ID + "-0000000000000000-01",
                "ff-" + TRACE_ID + "-b7ad6b7169203331-01",
                "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-zz"
            })
    void ignoresMalformedContext(String traceparent) {
        // given
        Tracing tracing = tracing(1, true);

        // when
        TraceSpan request = tracing.startRequest(headers(traceparent), "GET");
        TraceSpan resumed = tracing.resume(new TraceContext(traceparent, null), SpanType.GENERATION_ATTEMPT);

        // then
        assertThat(resumed.isPresent()).isFalse();
        assertThat(export(tracing, request)).singleElement().satisfies(span -> {
            assertThat(span.traceId()).isNotEqualTo(TRACE_ID);
            assertThat(span.parentId()).isEmpty();
        });
    }

    @Test
    void ignoresRepeatedContext() {
        // given
        Tracing tracing = tracing(1, true);

        // when
        TraceSpan request = tracing.startRequest(headers(SAMPLED, SAMPLED), "GET");

        // then
        assertThat(export(tracing, request))
                .singleElement()
                .extracting(ReceivedSpan::traceId)
                .isNotEqualTo(TRACE_ID);
    }

    @Test
    void dropsLongTracestate() {
        assertThat(new TraceContext(SAMPLED, "a=" + "b".repeat(600)).tracestate())
                .isNull();
    }

    @Test
    void failedSpanHasErrorTypeAndShortValues() {
        // given
        Tracing tracing = tracing(1, true);
        TraceSpan call = tracing.startRequest(headers(SAMPLED), "GET").startChild(SpanType.BACKEND_CALL);

        // when
        call.set(SpanAttribute.BACKEND, "b".repeat(1000)).fail("TIMED_OUT");

        // then
        assertThat(export(tracing, call)).singleElement().satisfies(span -> {
            assertThat(span.failed()).isTrue();
            assertThat(span.attribute("error.type")).isEqualTo("TIMED_OUT");
            assertThat(span.attribute("darkroom.backend.name")).hasSize(256);
        });
    }

    @Test
    void recordsTimeBeforeTheStart() {
        // given
        Tracing tracing = tracing(1, true);

        // when
        TraceSpan wait =
                tracing.resume(new TraceContext(SAMPLED, null), SpanType.GENERATION_WAIT, Duration.ofSeconds(30));

        // then
        assertThat(export(tracing, wait))
                .singleElement()
                .satisfies(span -> assertThat(span.duration()).isGreaterThanOrEqualTo(Duration.ofSeconds(30)));
    }

    @Test
    void withoutEndpointNothingIsTraced() {
        // given
        Tracing tracing = Tracing.create(new TracingSettings(null, Secret.NONE, 1, true, "darkroom"), "1", "process");

        // when
        TraceSpan request = tracing.startRequest(headers(SAMPLED), "GET");
        TraceSpan child = request.startChild(SpanType.BACKEND_CALL).set(SpanAttribute.POLLS, 1);
        child.fail("TIMED_OUT");

        // then
        assertThat(tracing).isSameAs(Tracing.OFF);
        assertThat(child).isSameAs(TraceSpan.NONE);
        assertThat(child.context()).isNull();
        assertThat(inject(request)).isEmpty();
    }

    @Test
    void readsHeadersOfTheExport() {
        assertThat(new TracingSettings(
                                URI.create("http://a"), new Secret("authorization=Bearer abc=, x-b = c"), 1, true, "d")
                        .headerMap())
                .containsExactly(Map.entry("authorization", "Bearer abc="), Map.entry("x-b", "c"));
    }
}
