package dev.darkroom.api;

import dev.darkroom.access.Caller;
import dev.darkroom.access.Doorkeeper;
import dev.darkroom.access.Refused;
import io.vertx.core.Future;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.openapi.contract.Operation;

/** Lets callers of one operation in, if the contract wants them known. */
final class Door {
    private final Doorkeeper doorkeeper;

    /** Whether anybody may pass. */
    private final boolean open;

    Door(Operation operation, Doorkeeper doorkeeper) {
        this.doorkeeper = doorkeeper;
        this.open = operation.getSecurityRequirements().isEmpty();
    }

    /**
     * Who asks, null where nobody need be known. At once when that is known; otherwise the body of the request has to be kept from
     * flowing until then.
     *
     * @return fails with a {@link Problem}
     */
    Future<Caller> admit(HttpServerRequest request) {
        if (open) {
            return Future.succeededFuture();
        }
        return doorkeeper
                .admit(request.getHeader(HttpHeaders.AUTHORIZATION))
                .recover(failure -> Future.failedFuture(problem(failure)));
    }

    private static Throwable problem(Throwable failure) {
        if (!(failure instanceof Refused refused)) {
            return failure;
        }
        return switch (refused.why()) {
            case NOTHING_PRESENTED -> Problem.unauthorized(false, refused.getMessage());
            case NOT_GOOD -> Problem.unauthorized(true, refused.getMessage());
            // Who could not be asked is in the log already.
            case CANNOT_TELL -> Problem.unavailable();
        };
    }
}
