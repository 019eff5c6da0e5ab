package dev.darkroom.api.contract;

import io.vertx.openapi.contract.OpenAPIContract;
import io.vertx.openapi.contract.Operation;
import java.util.List;

/**
 * The operations of {@code openapi.yaml} that one port serves. Immutable, except that the OpenAPI library annotates its schemas while a
 * router is created: only one thread at a time may create routers.
 *
 * @param document complete text of the file, served unchanged
 * @param openApi operations of this port, parsed
 */
public record ApiContract(String document, OpenAPIContract openApi) {

    /** Returns the ids of all operations. */
    List<String> operationIds() {
        return openApi.operations().stream().map(Operation::getOperationId).toList();
    }
}
