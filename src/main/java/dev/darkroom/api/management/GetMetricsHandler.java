package dev.darkroom.api.management;

import dev.darkroom.api.contract.OperationContext;
import dev.darkroom.api.contract.OperationHandler;
import dev.darkroom.telemetry.ProcessMetrics;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;

/**
 * {@code GET /metrics}, in the text format of Prometheus, or in OpenMetrics when the client accepts it.
 *
 * @param worker writes the text, which takes milliseconds with thousands of series
 */
record GetMetricsHandler(ProcessMetrics metrics, WorkerExecutor worker) implements OperationHandler {
    private static final String OPEN_METRICS = "application/openmetrics-text";

    @Override
    public String operationId() {
        return "getMetrics";
    }

    @Override
    public void handle(OperationContext operationContext) {
        String accept = operationContext.request().getHeader(HttpHeaders.ACCEPT);
        boolean openMetrics = accept != null && accept.contains(OPEN_METRICS);
        worker.executeBlocking(() -> Buffer.buffer(metrics.scrape(openMetrics)))
                .onSuccess(text -> {
                    operationContext
                            .response()
                            .putHeader(HttpHeaders.CONTENT_TYPE, ProcessMetrics.contentType(openMetrics));
                    operationContext.end(text);
                })
                .onFailure(operationContext::fail);
    }
}
