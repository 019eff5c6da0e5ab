package dev.darkroom.api.contract;

import dev.darkroom.api.content.StaticContent;
import io.vertx.openapi.contract.OpenAPIContract;
import io.vertx.openapi.contract.Operation;
import java.util.List;

/**
 * The operations of {@code openapi.yaml} that one port serves. Immutable, except that the OpenAPI library annotates its schemas while a
 * router is created: only one thread at a time may create routers.
 *
 * @param yaml complete text of the file
 * @param json the same document as JSON
 * @param openApi operations of this port, parsed
 */
public record ApiContract(StaticContent yaml, StaticContent json, OpenAPIContract openApi) {

    /** Returns the ids of all operations. */
    List<String> operationIds() {
        return openApi.operations().stream().map(Operation::getOperationId).toList();
    }
}
