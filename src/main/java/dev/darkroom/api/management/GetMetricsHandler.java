package dev.darkroom.api.management;

import dev.darkroom.api.contract.OperationContext;
import dev.darkroom.api.contract.OperationHandler;
import dev.darkroom.telemetry.ProcessMetrics;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;

/** {@code GET /metrics}, in the text format of Prometheus, or in OpenMetrics when the client accepts it. */
record GetMetricsHandler(ProcessMetrics metrics) implements OperationHandler {
    private static final String OPEN_METRICS = "application/openmetrics-text";

    @Override
    public String operationId() {
        return "getMetrics";
    }

    @Override
    public void handle(OperationContext operationContext) {
        String accept = operationContext.request().getHeader(HttpHeaders.ACCEPT);
        boolean openMetrics = accept != null && accept.contains(OPEN_METRICS);
        operationContext.response().putHeader(HttpHeaders.CONTENT_TYPE, ProcessMetrics.contentType(openMetrics));
        operationContext.end(Buffer.buffer(metrics.scrape(openMetrics)));
    }
}
