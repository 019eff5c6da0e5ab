package dev.darkroom.api.management;

import dev.darkroom.api.content.StaticContent;
import dev.darkroom.api.contract.OperationContext;
import dev.darkroom.api.contract.OperationHandler;

/**
 * {@code GET /openapi.yaml} and {@code GET /openapi.json}.
 *
 * @param document shared by all responses
 */
public record GetOpenApiDocumentHandler(String operationId, StaticContent document) implements OperationHandler {

    @Override
    public void handle(OperationContext operationContext) {
        document.send(operationContext.routingContext());
    }
}
