package dev.darkroom.api.management;

import dev.darkroom.api.contract.ApiContract;
import dev.darkroom.api.contract.OperationContext;
import dev.darkroom.api.contract.OperationHandler;
import dev.darkroom.api.transport.ResponseWriter;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;

/** {@code GET /openapi.yaml}. */
public final class GetOpenApiDocumentHandler implements OperationHandler {
    /** The same bytes for every response. */
    private final Buffer document;

    public GetOpenApiDocumentHandler(ApiContract apiContract) {
        this.document = Buffer.buffer(apiContract.document());
    }

    @Override
    public String operationId() {
        return "getOpenApiDocument";
    }

    @Override
    public void handle(OperationContext operationContext) {
        operationContext.response().putHeader(HttpHeaders.CONTENT_TYPE, "application/yaml");
        ResponseWriter.endShared(operationContext.request(), document);
    }
}
