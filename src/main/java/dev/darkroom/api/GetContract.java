package dev.darkroom.api;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;

/** {@code GET /openapi.yaml}. */
final class GetContract implements OperationHandler {
    /** The same bytes for every response. */
    private final Buffer document;

    GetContract(Contract contract) {
        this.document = Buffer.buffer(contract.document());
    }

    @Override
    public String operationId() {
        return "getContract";
    }

    @Override
    public void handle(Exchange exchange) {
        exchange.response().putHeader(HttpHeaders.CONTENT_TYPE, "application/yaml");
        ResponseWriter.endShared(exchange.request(), document);
    }
}
