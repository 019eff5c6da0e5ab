package dev.darkroom.telemetry;

import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.net.URI;
import java.util.Collection;
import org.slf4j.LoggerFactory;

/** Logs failed exports, at most once a minute. Their spans are lost. */
final class ReportingSpanExporter implements SpanExporter {
    private final SpanExporter exporter;
    private final URI endpoint;
    private final RateLimitedWarning warning =
            new RateLimitedWarning(LoggerFactory.getLogger(ReportingSpanExporter.class), "spans not exported");

    ReportingSpanExporter(SpanExporter exporter, URI endpoint) {
        this.exporter = exporter;
        this.endpoint = endpoint;
    }

    @Override
    public CompletableResultCode export(Collection<SpanData> spans) {
        CompletableResultCode result = exporter.export(spans);
        return result.whenComplete(() -> {
            if (!result.isSuccess()) {
                warning.log("endpoint", endpoint);
            }
        });
    }

    @Override
    public CompletableResultCode flush() {
        return exporter.flush();
    }

    @Override
    public CompletableResultCode shutdown() {
        return exporter.shutdown();
    }
}
