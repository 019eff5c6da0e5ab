package dev.darkroom.api.contract;

import io.vertx.openapi.contract.OpenAPIContract;
import io.vertx.openapi.contract.Operation;
import java.util.List;

/**
 * The part of {@code openapi.yaml} that one port keeps. Immutable, but for what the library notes in its schemas while routers are made:
 * that is for one thread at a time.
 *
 * @param document the whole file, word for word, as it is served
 * @param openApi this port's part, in the form that the router understands
 */
public record ApiContract(String document, OpenAPIContract openApi) {

    /** The ids of all operations. */
    List<String> operationIds() {
        return openApi.operations().stream().map(Operation::getOperationId).toList();
    }
}
