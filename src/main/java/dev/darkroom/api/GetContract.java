package dev.darkroom.api;

import io.vertx.core.http.HttpHeaders;

/** {@code GET /openapi.yaml}. */
final class GetContract implements OperationHandler {
    private final Contract contract;

    GetContract(Contract contract) {
        this.contract = contract;
    }

    @Override
    public String operationId() {
        return "getContract";
    }

    @Override
    public void handle(Exchange exchange) {
        exchange.response()
                .putHeader(HttpHeaders.CONTENT_TYPE, "application/yaml")
                .end(contract.document());
    }
}
